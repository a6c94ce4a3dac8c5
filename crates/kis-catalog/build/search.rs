//! `catalog/search.toml`: what people mean by their words, as tables.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    read::{File, Kind},
    text,
    write::Tables,
};

/// Most concepts that a set of them can hold.
const MOST: usize = 192;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// Points with it, points without it, points for having it unasked.
    concepts: BTreeMap<String, [i16; 3]>,
    groups: BTreeMap<String, Vec<String>>,
    kinds: BTreeMap<Kind, Vec<String>>,
    either: Vec<Vec<String>>,
    silences: BTreeMap<String, Vec<String>>,
    words: Vec<Words>,
    operations: BTreeMap<String, Vec<String>>,
    often: BTreeMap<String, i16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    means: Vec<String>,
    words: Vec<String>,
}

/// Reads the file.
pub(crate) fn read(text: &str) -> Result<Written, String> {
    toml::from_str(text).map_err(|error| format!("catalog/search.toml: {error}"))
}

impl Written {
    fn numbers(&self, concepts: &[String]) -> Result<Vec<String>, String> {
        let number = |concept: &String| {
            let at = self.concepts.keys().position(|known| known == concept);
            at.map(|at| at.to_string()).ok_or_else(|| format!("catalog/search.toml: {concept} is no concept"))
        };
        let mut numbers = concepts.iter().map(number).collect::<Result<Vec<_>, _>>()?;
        numbers.sort();
        numbers.dedup();
        Ok(numbers)
    }

    /// Each pattern in its normal form with the concepts it stands for; sorted.
    fn patterns(&self) -> Result<BTreeMap<String, Vec<String>>, String> {
        let mut patterns: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for words in &self.words {
            let numbers = self.numbers(&words.means)?;
            for word in &words.words {
                let pattern = text::normalize(word).text();
                if pattern.trim().is_empty() {
                    return Err(format!("catalog/search.toml: {word:?} has no letter"));
                }
                let before = patterns.insert(pattern, numbers.clone());
                if before.is_some_and(|before| before != numbers) {
                    return Err(format!("catalog/search.toml: {word:?} has two meanings"));
                }
            }
        }
        Ok(patterns)
    }

    /// Writes the tables of the search beside those of the operations.
    pub(crate) fn write(&self, files: &[File], tables: &mut Tables) -> Result<(), String> {
        if self.concepts.len() > MOST {
            return Err(format!("catalog/search.toml: there may be {MOST} concepts"));
        }
        let failed = |_| "catalog/search.toml: too many texts".to_owned();
        for [asked, missing, unasked] in self.concepts.values() {
            tables.concepts.rows.push(format!("Weight {{ asked: {asked}, missing: {missing}, unasked: {unasked} }}"));
        }
        for (pattern, numbers) in self.patterns()? {
            tables
                .words
                .extend(pattern.split(' ').filter(|word| word.is_ascii() && !word.is_empty()).map(str::to_owned));
            let text = tables.texts.put(&pattern).map_err(failed)?;
            let meaning = tables.meanings.put(numbers);
            tables.patterns.rows.push(format!("({text}, {meaning})"));
        }
        for concepts in &self.either {
            let meaning = tables.meanings.put(self.numbers(concepts)?);
            tables.either.rows.push(meaning);
        }
        for (concept, silent) in &self.silences {
            let by = tables.meanings.put(self.numbers(std::slice::from_ref(concept))?);
            let silent = tables.meanings.put(self.numbers(silent)?);
            tables.silences.rows.push(format!("({by}, {silent})"));
        }
        let mut known: Vec<&str> = Vec::new();
        for file in files {
            for operation in &file.operations {
                let of = |map: &BTreeMap<String, Vec<String>>, key: &str| map.get(key).cloned().unwrap_or_default();
                let kind = self.kinds.get(&operation.kind).cloned().unwrap_or_default();
                let shared = self.numbers(&[of(&self.groups, &file.name), kind].concat())?;
                let shared = tables.meanings.put(shared);
                let own = tables.meanings.put(self.numbers(&of(&self.operations, &operation.id))?);
                let often = self.often.get(&operation.id).unwrap_or(&0);
                tables.hints.rows.push(format!("({shared}, {own}, {often})"));
                known.extend([operation.id.as_str(), &file.name]);
            }
        }
        let named = self.groups.keys().chain(self.operations.keys()).chain(self.often.keys());
        match named.into_iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(format!("catalog/search.toml: {name} is no operation and no group")),
            None => Ok(()),
        }
    }
}
