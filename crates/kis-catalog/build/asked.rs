//! `catalog/asked.toml`: with which words people ask for each operation, as an index from grams to operations.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    gram::{grams, whole},
    read::File,
    text::normalize,
    write::Tables,
};

/// How much the length of an operation's phrases counts, of a thousand.
const LENGTH: usize = 300;

/// What the rarest gram is worth, in halves of a point, for each hundredth of its rarity: of a thousand.
const WORTH: usize = 111;

/// The largest weight that fits beside the number of an operation.
const MOST: usize = 127;

/// Operations that fit beside a weight.
const OPERATIONS: usize = 1 << 9;

/// Reads the file.
pub(crate) fn read(text: &str) -> Result<BTreeMap<String, Vec<String>>, String> {
    toml::from_str(text).map_err(|error| format!("catalog/asked.toml: {error}"))
}

/// Writes the index: what a gram of a question is worth for each operation (BM25).
pub(crate) fn write(asked: &BTreeMap<String, Vec<String>>, files: &[File], tables: &mut Tables) -> Result<(), String> {
    let operations: Vec<_> = files.iter().flat_map(|file| &file.operations).collect();
    if operations.len() > OPERATIONS {
        return Err(format!("catalog/asked.toml: there may be {OPERATIONS} operations"));
    }
    if let Some(id) = asked.keys().find(|id| !operations.iter().any(|operation| operation.id == **id)) {
        return Err(format!("catalog/asked.toml: {id} is no operation"));
    }
    let mut words = BTreeSet::new();
    let mut phrases: BTreeMap<u32, BTreeSet<usize>> = BTreeMap::new();
    let mut counts: Vec<BTreeMap<u32, usize>> = Vec::new();
    let mut having: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (number, operation) in operations.iter().enumerate() {
        let names = [&operation.korean, &operation.english];
        let mut count = BTreeMap::new();
        for text in names.into_iter().chain(asked.get(&operation.id).into_iter().flatten()) {
            let text = normalize(text);
            for gram in grams(&text) {
                *count.entry(gram).or_default() += 1;
            }
            phrases.entry(whole(&text)).or_default().insert(number);
            let text = text.text();
            words.extend(text.split(' ').filter(|word| word.is_ascii() && !word.is_empty()).map(str::to_owned));
        }
        for gram in count.keys() {
            having.entry(*gram).or_default().push(number);
        }
        counts.push(count);
    }
    tables.words.extend(words);

    let lengths: Vec<usize> = counts.iter().map(|count| count.values().sum()).collect();
    let all = counts.len();
    let mean = lengths.iter().sum::<usize>() / all.max(1);
    let mut worths: BTreeMap<u32, BTreeMap<usize, usize>> = BTreeMap::new();
    for (gram, numbers) in having {
        let rare = rarity(all, numbers.len());
        for number in numbers {
            let count = counts[number][&gram];
            // A gram that an operation has again and again counts at most twice, and less among many.
            let often = 1000 - LENGTH + LENGTH * lengths[number] / mean.max(1);
            let worth = (WORTH * rare * count / (1000 * count + often)).clamp(1, MOST);
            worths.entry(gram).or_default().insert(number, worth);
        }
    }
    // A question that is a phrase, spaces aside.
    for (phrase, numbers) in phrases {
        worths.entry(phrase).or_default().extend(numbers.into_iter().map(|number| (number, MOST)));
    }
    for (gram, operations) in worths {
        let postings = operations.into_iter().map(|(number, worth)| format!("{}", number | worth << 9));
        tables.postings.rows.extend(postings);
        tables.grams.rows.push(gram.to_string());
        tables.gram_ends.rows.push(tables.postings.rows.len().to_string());
    }
    Ok(())
}

/// The logarithm of base 2 of `1 + all / having`, in hundredths; straight between powers of two.
fn rarity(all: usize, having: usize) -> usize {
    let ratio = ((all + having) << 8) / having;
    let log = ratio.ilog2();
    (log as usize * 100 + ((ratio * 100) >> log)).saturating_sub(900)
}
