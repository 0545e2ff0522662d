//! The text of clauses: tokens, syntax tree and parser. Nothing here knows a form or a field.

mod lexer;
mod parser;
mod rows;
mod tree;

pub use parser::parse;
pub use tree::{
    BinaryOp, Edge, Ident, IsWhat, MapKind, Node, SelectNode, SelectOp, Span, Syntax, TimeUnit, WindowNode,
};

/// What is wrong with a clause, and where in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// What is wrong and what would be accepted.
    pub message: String,
}
