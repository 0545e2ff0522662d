//! Visit timetables: the data, the states of scheduled visits, the files and the case.

mod assignment;
mod case;
mod chains;
mod load;
mod properties;
mod schedule;
mod support;
