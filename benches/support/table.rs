//! The table that a benchmark prints: what was measured, against which goal, and whether it was met.

use std::process::ExitCode;

/// Which side of its goal a figure has to be on.
#[derive(Clone, Copy)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// For orientation only.
    None,
}

/// Rows of figures.
#[derive(Default)]
pub struct Table {
    rows: Vec<(String, String, String, &'static str)>,
    missed: usize,
}

impl Table {
    /// Adds a figure with its unit, and how it came about.
    pub fn add(&mut self, what: &str, figure: f64, unit: &str, goal: Goal) {
        let (wanted, met) = match goal {
            Goal::AtMost(most) => (format!("≤ {most}{unit}"), Some(figure <= most)),
            Goal::AtLeast(least) => (format!("≥ {least}{unit}"), Some(figure >= least)),
            Goal::None => (String::new(), None),
        };
        let met = match met {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "",
        };
        self.missed += usize::from(met == "NOT MET");
        let digits = if figure.abs() >= 100.0 { 0 } else { 2 };
        let row = (what.to_owned(), format!("{figure:.digits$}{unit}"), wanted, met);
        println!("{:<64} {:>12} {:>12}  {}", row.0, row.1, row.2, row.3);
        self.rows.push(row);
    }

    /// Success if every goal was met.
    pub fn finish(self) -> ExitCode {
        println!("{} of {} goals missed", self.missed, self.rows.iter().filter(|row| !row.3.is_empty()).count());
        if self.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
