//! PostgreSQL's binary COPY stream into Arrow columns and a Parquet file.

use crate::ddl::is_reference;
use crate::error::{Error, Result};
use arrow::array::{ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int32Builder, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use clinical::field::Kind;
use clinical::form::FormDescriptor;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

/// Rows per record batch.
const BATCH: usize = 65_536;
/// Signature that begins a binary COPY stream.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Days between 1970-01-01 and PostgreSQL's epoch, 2000-01-01.
const EPOCH_DAYS: i32 = 10_957;

/// What was written.
pub(super) struct FileSummary {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) sha256: [u8; 32],
}

/// A column being built, by what PostgreSQL sends for it.
enum Column {
    Text(StringBuilder),
    Uuid(StringBuilder),
    Integer(Int32Builder),
    Decimal(Float64Builder),
    Flag(BooleanBuilder),
    Date(Date32Builder),
}

impl Column {
    fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Integer { .. } => Self::Integer(Int32Builder::new()),
            Kind::Decimal { .. } => Self::Decimal(Float64Builder::new()),
            Kind::Flag => Self::Flag(BooleanBuilder::new()),
            Kind::Date => Self::Date(Date32Builder::new()),
            Kind::Coded(_) | Kind::Codes(_) | Kind::Time | Kind::PartialDate | Kind::Text { .. } => {
                Self::Text(StringBuilder::new())
            }
        }
    }

    fn data_type(&self) -> DataType {
        match self {
            Self::Text(_) | Self::Uuid(_) => DataType::Utf8,
            Self::Integer(_) => DataType::Int32,
            Self::Decimal(_) => DataType::Float64,
            Self::Flag(_) => DataType::Boolean,
            Self::Date(_) => DataType::Date32,
        }
    }

    fn append(&mut self, value: Option<&[u8]>) -> std::result::Result<(), &'static str> {
        let wrong = "a value has an unexpected length or encoding";
        match (self, value) {
            (Self::Text(b) | Self::Uuid(b), None) => b.append_null(),
            (Self::Integer(b), None) => b.append_null(),
            (Self::Decimal(b), None) => b.append_null(),
            (Self::Flag(b), None) => b.append_null(),
            (Self::Date(b), None) => b.append_null(),
            (Self::Text(b), Some(v)) => b.append_value(std::str::from_utf8(v).map_err(|_| wrong)?),
            (Self::Uuid(b), Some(v)) => {
                let uuid = uuid::Uuid::from_slice(v).map_err(|_| wrong)?;
                b.append_value(uuid.as_hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()));
            }
            (Self::Integer(b), Some(v)) => {
                b.append_value(i32::from_be_bytes(v.try_into().map_err(|_| wrong)?));
            }
            (Self::Decimal(b), Some(v)) => {
                b.append_value(f64::from_be_bytes(v.try_into().map_err(|_| wrong)?));
            }
            (Self::Flag(b), Some(v)) => b.append_value(v == [1]),
            (Self::Date(b), Some(v)) => {
                b.append_value(
                    i32::from_be_bytes(v.try_into().map_err(|_| wrong)?).saturating_add(EPOCH_DAYS),
                );
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(b) | Self::Uuid(b) => Arc::new(b.finish()),
            Self::Integer(b) => Arc::new(b.finish()),
            Self::Decimal(b) => Arc::new(b.finish()),
            Self::Flag(b) => Arc::new(b.finish()),
            Self::Date(b) => Arc::new(b.finish()),
        }
    }
}

/// Counts and hashes what passes through to the file.
pub(super) struct Hashing {
    file: BufWriter<File>,
    hasher: Sha256,
    bytes: u64,
}

impl Hashing {
    pub(super) fn create(path: &Path) -> Result<Self> {
        let file = File::create_new(path).map_err(Error::file(path))?;
        Ok(Self { file: BufWriter::with_capacity(1 << 20, file), hasher: Sha256::new(), bytes: 0 })
    }

    /// Closes the file, once it is on durable storage.
    pub(super) fn summary(self, rows: u64) -> Result<FileSummary> {
        let file = self
            .file
            .into_inner()
            .map_err(|e| parquet::errors::ParquetError::External(Box::new(e.into_error())))?;
        file.sync_all().map_err(|e| parquet::errors::ParquetError::External(Box::new(e)))?;
        Ok(FileSummary { rows, bytes: self.bytes, sha256: self.hasher.finalize().into() })
    }
}

impl Write for Hashing {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.hasher.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Turns the messages of one COPY into one Parquet file.
pub(super) struct TableWriter {
    form: &'static FormDescriptor,
    columns: Vec<Column>,
    schema: Arc<Schema>,
    writer: ArrowWriter<Hashing>,
    /// Bytes of a tuple that a message left unfinished.
    pending: Vec<u8>,
    begun: bool,
    in_batch: usize,
    rows: u64,
}

impl TableWriter {
    pub(super) fn create(form: &'static FormDescriptor, path: &Path) -> Result<Self> {
        let mut named: Vec<(&str, Column)> = Vec::new();
        if !is_reference(form) {
            named.push(("center_id", Column::Text(StringBuilder::new())));
        }
        named.push(("record_id", Column::Uuid(StringBuilder::new())));
        named.push(("version", Column::Integer(Int32Builder::new())));
        named.extend(form.fields.iter().map(|f| (f.name, Column::of(&f.kind))));
        named.push(("missing", Column::Text(StringBuilder::new())));
        let fields: Vec<Field> =
            named.iter().map(|(name, c)| Field::new(*name, c.data_type(), true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let out = Hashing::create(path)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        Ok(Self {
            form,
            columns: named.into_iter().map(|(_, column)| column).collect(),
            writer: ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties))?,
            schema,
            pending: Vec::new(),
            begun: false,
            in_batch: 0,
            rows: 0,
        })
    }

    fn broken(&self, what: &str) -> Error {
        Error::Export { form: self.form.name, what: what.to_owned() }
    }

    /// Takes one message. PostgreSQL sends a tuple a message, but does not promise to.
    pub(super) fn push(&mut self, message: &[u8]) -> Result<()> {
        if self.pending.is_empty() {
            let used = self.consume(message)?;
            self.pending.extend_from_slice(&message[used..]);
            return Ok(());
        }
        let mut joined = std::mem::take(&mut self.pending);
        joined.extend_from_slice(message);
        let used = self.consume(&joined)?;
        joined.drain(..used);
        self.pending = joined;
        Ok(())
    }

    /// Reads whole tuples from the front of `bytes`; returns how many bytes they took.
    fn consume(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut at = 0;
        if !self.begun {
            // Signature, flags, and an extension area of stated length.
            let Some(header) = bytes.get(..SIGNATURE.len() + 8) else { return Ok(0) };
            if !header.starts_with(SIGNATURE) {
                return Err(self.broken("the stream does not begin with the signature of a binary COPY"));
            }
            self.begun = true;
            at = header.len();
        }
        loop {
            let Some(tuple) = bytes.get(at..) else { return Ok(at) };
            let Some(count) = take_i16(tuple) else { return Ok(at) };
            if count == -1 {
                return Ok(bytes.len());
            }
            if usize::try_from(count).ok() != Some(self.columns.len()) {
                return Err(self.broken("a row has another number of columns than the form"));
            }
            let Some(length) = tuple_length(tuple, self.columns.len()) else { return Ok(at) };
            self.append(&tuple[2..length])?;
            at += length;
        }
    }

    fn append(&mut self, mut values: &[u8]) -> Result<()> {
        for column in &mut self.columns {
            let (head, rest) = values.split_at(4);
            let length = i32::from_be_bytes([head[0], head[1], head[2], head[3]]);
            let (value, rest) = match usize::try_from(length) {
                Ok(length) => {
                    let (value, rest) = rest.split_at(length);
                    (Some(value), rest)
                }
                Err(_) => (None, rest),
            };
            if let Err(what) = column.append(value) {
                return Err(Error::Export { form: self.form.name, what: what.to_owned() });
            }
            values = rest;
        }
        self.in_batch += 1;
        self.rows += 1;
        if self.in_batch == BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let arrays: Vec<ArrayRef> = self.columns.iter_mut().map(Column::finish).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .map_err(parquet::errors::ParquetError::from)?;
        self.in_batch = 0;
        Ok(self.writer.write(&batch)?)
    }

    pub(super) fn finish(mut self) -> Result<FileSummary> {
        if !self.begun || !self.pending.is_empty() {
            return Err(self.broken("the stream ended in the middle of a row"));
        }
        if self.in_batch > 0 || self.rows == 0 {
            self.flush()?;
        }
        self.writer.into_inner()?.summary(self.rows)
    }
}

fn take_i16(bytes: &[u8]) -> Option<i16> {
    Some(i16::from_be_bytes(bytes.get(..2)?.try_into().ok()?))
}

/// Length of the tuple at the front of `bytes`, or `None` when it is not complete.
fn tuple_length(bytes: &[u8], columns: usize) -> Option<usize> {
    let mut at = 2;
    for _ in 0..columns {
        let length = i32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
        at += 4 + usize::try_from(length).unwrap_or(0);
    }
    (at <= bytes.len()).then_some(at)
}
