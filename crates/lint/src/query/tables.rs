use crate::schema::{Column, SchemaModel, Table};

/// What is known of the tables of a statement: those of a target, where there is one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tables<'a> {
    /// The target's schema.
    pub model: Option<&'a SchemaModel>,
}

impl<'a> Tables<'a> {
    /// The table of that name: in that schema, else in `public`, else the only one of the name.
    pub fn find(&self, schema: Option<&str>, name: &str) -> Option<&'a Table> {
        let named = self.model?.designed().filter(|table| table.name.name == name);
        let all: Vec<&Table> = named
            .filter(|table| schema.is_none_or(|schema| table.name.schema.as_deref() == Some(schema)))
            .collect();
        match all.as_slice() {
            [only] => Some(only),
            all => all
                .iter()
                .copied()
                .find(|table| table.name.schema.as_deref() == Some("public")),
        }
    }

    /// The table and column that a reference means, where that is certain.
    pub fn column(
        &self,
        relations: &super::Relations<'_>,
        qualification: Option<&str>,
        name: &str,
    ) -> Option<(&'a Table, &'a Column)> {
        let mut found = relations
            .sources
            .iter()
            .filter(|source| qualification.is_none_or(|alias| source.alias == alias))
            .filter_map(|source| self.find(source.schema, source.relation?))
            .filter_map(|table| Some((table, table.named(name)?)));
        let first = found.next()?;
        // Two of the name are an error, or one is of an outer query.
        found.next().is_none().then_some(first)
    }
}
