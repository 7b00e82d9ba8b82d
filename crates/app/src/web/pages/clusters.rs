//! The clusters that Howdah runs, and their snapshots.

use howdah_core::{Result, human_bytes, inventory};
use howdah_tools::describe_clusters::{DescribeClusters, Described};
use maud::{Markup, html};

use crate::web::page::Page;
use crate::web::parts;
use crate::web::visit::{Visit, no_part, part};
use crate::web::words::encoded;

inventory::submit! {
    Page {
        path: "/clusters",
        title: "Clusters",
        place: Some(8),
        show: |visit| Box::pin(show(visit)),
        act: None,
    }
}

async fn show(visit: &Visit) -> Result<Markup> {
    match visit.part() {
        None | Some("clusters") => Ok(clusters(visit).await),
        Some(other) => Err(no_part(other)),
    }
}

async fn clusters(visit: &Visit) -> Markup {
    let look = visit.look(DescribeClusters::default(), 5.0).await;
    part(visit, "clusters", 10, &look, |described: &Described| html! {
        @if described.clusters.is_empty() { p.empty { "There are no clusters yet. " code { "howdah cluster create NAME --wait" } " makes one." } }
        @for cluster in &described.clusters {
            article.cluster {
                h2 { (cluster.name.as_str()) " " (parts::badge(cluster.status.as_str())) }
                p.facts {
                    span { "PostgreSQL " (cluster.version) }
                    span { (cluster.provider) }
                    @if let Some(bytes) = cluster.size_bytes { span { (human_bytes(bytes)) } }
                    @if let Some(since) = &cluster.restorable_since { span { "restorable to any moment since " (since) } }
                }
                @if let Some(connection) = &cluster.connection {
                    p { "Writer " code { (connection.endpoint) ":" (connection.port) } ", database " code { (connection.database) } ", role " code { (connection.user) } ". "
                        a href=(format!("/?target={}", encoded(&connection.target))) { "Look at it" } }
                }
                (parts::wide("Instances", &html! {
                    table {
                        thead { tr { @for title in ["Instance", "Role", "Status", "Endpoint", "Behind"] { th scope="col" { (title) } } } }
                        tbody {
                            @for instance in &cluster.instances {
                                tr {
                                    th scope="row" { (instance.name) }
                                    td { (format!("{:?}", instance.role).to_lowercase()) }
                                    td { (parts::badge(instance.status.as_str())) }
                                    td { code { (instance.endpoint) } }
                                    td { (instance.lag_bytes.map_or(String::new(), human_bytes)) }
                                }
                            }
                        }
                    }
                }))
            }
        }
        @if !described.snapshots.is_empty() {
            h2 { "Snapshots" }
            (parts::wide("Snapshots", &html! {
                table {
                    thead { tr { @for title in ["Snapshot", "Of cluster", "PostgreSQL", "Taken", "Size"] { th scope="col" { (title) } } } }
                    tbody {
                        @for snapshot in &described.snapshots {
                            tr {
                                th scope="row" { (snapshot.name.as_str()) }
                                td { (snapshot.cluster.as_str()) }
                                td { (snapshot.version) }
                                td { (snapshot.created) }
                                td { (human_bytes(snapshot.size_bytes)) }
                            }
                        }
                    }
                }
            }))
        }
    })
}
