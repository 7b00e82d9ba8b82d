//! What AWS asks for now.

use aws_config::Region;
use aws_sdk_pricing::types::{Filter, FilterType};
use howdah_core::{Error, Result};
use time::OffsetDateTime;

use super::call::Caller;
use crate::cost::Prices;

/// Where the Price List is asked, whatever region it is asked about.
const ASKED: &str = "us-east-1";
/// Hundreds of products at most: a region lists far fewer.
const MOST_PAGES: usize = 50;

/// The prices of a region.
pub(super) async fn live(caller: Caller<'_>, region: &str) -> Result<Prices> {
    let mut products = Vec::new();
    for engine in ["Aurora PostgreSQL", "Any"] {
        let filters = [filter("regionCode", region)?, filter("databaseEngine", engine)?];
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page = caller
                .repeat(&format!("list the prices of {region}"), true, |config| {
                    let config = aws_sdk_pricing::config::Builder::from(config)
                        .region(Region::from_static(ASKED))
                        .build();
                    aws_sdk_pricing::Client::from_conf(config)
                        .get_products()
                        .service_code("AmazonRDS")
                        .set_filters(Some(filters.to_vec()))
                        .format_version("aws_v1")
                        .max_results(100)
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            products.extend(page.price_list().iter().map(|product| product.to_string()));
            token = page
                .next_token()
                .filter(|token| !token.is_empty())
                .map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
    }
    let today = OffsetDateTime::now_utc().date().to_string();
    Prices::of_price_list(region, today, products.iter().map(String::as_str))
}

fn filter(field: &str, value: &str) -> Result<Filter> {
    Filter::builder()
        .r#type(FilterType::TermMatch)
        .field(field)
        .value(value)
        .build()
        .map_err(|error| {
            Error::internal(format!(
                "The question for prices could not be put together: {error}"
            ))
        })
}
