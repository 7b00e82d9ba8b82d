//! Parse trees read from the JSON that libpg_query writes. They are the same that its protobuf
//! encoding gives, in a third of the time: its encoder tries all 270 kinds for each node.
//!
//! What is not known here (a kind, a field, a tree that nests deeply) is no error of the text: it is
//! read the other way then.

mod kinds;

use pg_query::protobuf::a_const::Val;
use pg_query::protobuf::{AConst, Node, RawStmt};

/// Such a tree cannot be read in this way.
#[derive(Debug)]
pub(crate) struct Unreadable;

type Read<T> = Result<T, Unreadable>;

/// The deepest tree that is read in this way, in nodes. Where Rust is optimised, a node takes some
/// 3 kB of the stack, else up to 25.
pub(crate) const DEEPEST: usize = if cfg!(debug_assertions) { 16 } else { 64 };

/// The statements of a script.
pub(crate) fn read_nodes(json: &str) -> Read<Vec<RawStmt>> {
    let mut reader = Reader {
        text: json,
        at: 0,
        depth: 0,
    };
    let mut statements = Vec::new();
    reader.fields(|reader, key| {
        match key {
            "version" => _ = i64::read(reader)?,
            "stmts" => statements = Field::read(reader)?,
            _ => return Err(Unreadable),
        }
        Ok(())
    })?;
    Ok(statements)
}

/// What a field may hold.
trait Field: Sized {
    fn read(reader: &mut Reader<'_>) -> Read<Self>;
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// How many objects are open.
    depth: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn take(&mut self) -> u8 {
        let byte = self.peek();
        self.at += 1;
        byte
    }

    fn expect(&mut self, byte: u8) -> Read<()> {
        match self.take() == byte {
            true => Ok(()),
            false => Err(Unreadable),
        }
    }

    /// An object, field by field.
    fn fields(&mut self, mut field: impl FnMut(&mut Self, &'a str) -> Read<()>) -> Read<()> {
        self.expect(b'{')?;
        self.depth += 1;
        // The outermost two hold the script and the statement.
        if self.depth > DEEPEST + 2 {
            return Err(Unreadable);
        }
        if self.peek() == b'}' {
            self.at += 1;
        } else {
            loop {
                let key = self.plain_text()?;
                self.expect(b':')?;
                field(self, key)?;
                match self.take() {
                    b',' => {}
                    b'}' => break,
                    _ => return Err(Unreadable),
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// A text without anything that is written in another way than it reads.
    fn plain_text(&mut self) -> Read<&'a str> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match self.take() {
                b'"' => return self.text.get(start..self.at - 1).ok_or(Unreadable),
                b'\\' | 0 => return Err(Unreadable),
                _ => {}
            }
        }
    }

    /// A word or a number.
    fn word(&mut self) -> Read<&'a str> {
        let start = self.at;
        while matches!(self.peek(), b'a'..=b'z' | b'0'..=b'9' | b'-') {
            self.at += 1;
        }
        self.text.get(start..self.at).ok_or(Unreadable)
    }
}

impl Field for String {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let start = reader.at;
        if let Ok(plain) = reader.plain_text() {
            return Ok(plain.to_owned());
        }
        reader.at = start;
        reader.expect(b'"')?;
        loop {
            match reader.take() {
                b'"' => break,
                b'\\' => reader.at += 1,
                0 => return Err(Unreadable),
                _ => {}
            }
        }
        let literal = reader.text.get(start..reader.at).ok_or(Unreadable)?;
        serde_json::from_str(literal).map_err(|_| Unreadable)
    }
}

impl Field for bool {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        match reader.word()? {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Unreadable),
        }
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl Field for $number {
            fn read(reader: &mut Reader<'_>) -> Read<Self> {
                reader.word()?.parse().map_err(|_| Unreadable)
            }
        })*
    };
}

numbers! { i32 u32 i64 u64 }

impl<T: Field> Field for Option<T> {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        T::read(reader).map(Some)
    }
}

impl<T: Field> Field for Box<T> {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        T::read(reader).map(Box::new)
    }
}

impl<T: Field> Field for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let mut items = Self::new();
        reader.expect(b'[')?;
        if reader.peek() == b']' {
            reader.at += 1;
            return Ok(items);
        }
        loop {
            // Nodes are large, and most lists have one or two: no room for more is kept.
            if items.len() == items.capacity() {
                items.reserve_exact(items.len().max(1));
            }
            items.push(T::read(reader)?);
            match reader.take() {
                b',' => {}
                b']' => return Ok(items),
                _ => return Err(Unreadable),
            }
        }
    }
}

impl Field for Node {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        reader.expect(b'{')?;
        if reader.peek() == b'}' {
            reader.at += 1;
            return Ok(Self { node: None });
        }
        let label = reader.plain_text()?;
        reader.expect(b':')?;
        let node = kinds::reader_of(label)?(reader)?;
        reader.expect(b'}')?;
        Ok(Self { node: Some(node) })
    }
}

impl Field for RawStmt {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let mut statement = Self::default();
        reader.fields(|reader, key| {
            match key {
                "stmt" => statement.stmt = Field::read(reader)?,
                "stmt_location" => statement.stmt_location = Field::read(reader)?,
                "stmt_len" => statement.stmt_len = Field::read(reader)?,
                _ => return Err(Unreadable),
            }
            Ok(())
        })?;
        Ok(statement)
    }
}

impl Field for AConst {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let mut constant = Self::default();
        reader.fields(|reader, key| {
            match key {
                "ival" => constant.val = Some(Val::Ival(Field::read(reader)?)),
                "fval" => constant.val = Some(Val::Fval(Field::read(reader)?)),
                "boolval" => constant.val = Some(Val::Boolval(Field::read(reader)?)),
                "sval" => constant.val = Some(Val::Sval(Field::read(reader)?)),
                "bsval" => constant.val = Some(Val::Bsval(Field::read(reader)?)),
                "isnull" => constant.isnull = Field::read(reader)?,
                "location" => constant.location = Field::read(reader)?,
                _ => return Err(Unreadable),
            }
            Ok(())
        })?;
        Ok(constant)
    }
}
