//! Black-box tests: the real binary, a real PostgreSQL server, real HTTP.
