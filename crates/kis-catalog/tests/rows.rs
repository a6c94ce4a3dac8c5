//! A wrong row stops the build, and the message says what is wrong with which row.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../build/asked.rs"]
mod asked;
#[path = "../build/check.rs"]
mod check;
#[path = "../src/search/gram.rs"]
mod gram;
#[path = "../build/read.rs"]
mod read;
#[path = "../build/search.rs"]
mod search;
#[path = "../src/search/text.rs"]
mod text;
#[path = "../build/write.rs"]
mod write;

const ROW: &str = r#"
group = "[국내주식] 기본시세"

[[operation]]
id = "one"
korean = "하나"
english = "One"
kind = "account-read"
call = "GET /uapi/one"
tr = { real = "TTTC0001R", paper = "VTTC0001R" }
old_tr = ["TTTC0000R"]
scope = "account"
paging = { keys = { fk = "CTX_AREA_FK100", nk = "CTX_AREA_NK100" } }
params = [
    { name = "CANO", label = "종합계좌번호", fill = "account-number" },
    { name = "CTX_AREA_FK100", label = "" },
    { name = "CTX_AREA_NK100", label = "", optional = true },
]

[[operation.output]]
name = "output"
shape = "array"
fields = [["pdno", "상품번호"]]
"#;

const WORDS: &str = r#"
either = [["balance", "sell"]]

[concepts]
balance = [100, 20, 10]
sell = [100, 20, 10]

[silences]
sell = ["balance"]

[groups]
group = ["balance"]

[kinds]

[[words]]
means = ["balance"]
words = ["잔고", "holdings"]

[operations]
one = ["balance"]

[often]
one = 5
"#;

const ASKED: &str = r#"one = ["what do I own", "내 잔고 보여줘"]"#;

fn build(text: &str) -> Result<String, String> {
    build_with(text, WORDS, ASKED)
}

fn build_with(text: &str, words: &str, asked: &str) -> Result<String, String> {
    let files = [read::file("group", text)?];
    check::all(&files)?;
    let mut tables = write::tables(&files).map_err(|error| error.to_string())?;
    search::read(words)?.write(&files, &mut tables)?;
    asked::write(&asked::read(asked)?, &files, &mut tables)?;
    tables.write().map_err(|error| error.to_string())
}

#[test]
fn a_right_row_is_built() {
    let table = build(ROW).unwrap();
    assert!(table.contains("OPERATIONS: [Operation; 1]") && table.contains("FIELDS: [(Text, Text); 1]"), "{table}");
}

#[test]
fn a_wrong_row_is_refused_by_name() {
    let faults = [
        ("english = \"One\"", "english = \" One\"", "names without spaces"),
        ("english = \"One\"", "englisch = \"One\"", "unknown field `englisch`"),
        ("kind = \"account-read\"", "kind = \"account\"", "unknown variant `account`"),
        ("GET /uapi/one", "POST /uapi/one", "call must be \"GET /path\""),
        ("GET /uapi/one", "GET uapi/one", "call must be \"GET /path\""),
        ("\"TTTC0001R\"", "\"tttc0001r\"", "tttc0001r is not a TR id"),
        ("real = \"TTTC0001R\", ", "", "every operation has a TR id of the real mode"),
        ("[\"TTTC0000R\"]", "[\"TTTC0001R\"]", "TTTC0001R is the TR id of one and an old one of one"),
        ("scope = \"account\"", "scope = \"public\"", "scope must be Account"),
        (", fill = \"account-number\"", "", "fill of CANO must be Some(AccountNumber)"),
        (
            "nk = \"CTX_AREA_NK100\" }",
            "nk = \"CTX_AREA_NK200\" }",
            "paging names CTX_AREA_NK200, which is not a parameter",
        ),
        ("fk = \"CTX_AREA_FK100\", nk = \"CTX_AREA_NK100\"", "", "keys without a key"),
        ("name = \"CTX_AREA_FK100\", label", "name = \"cano\", label", "the parameter cano comes twice"),
        (
            "scope = \"account\"",
            "scope = \"account\"\nlimit = { calls = 0, seconds = 1 }",
            "a limit is at least one call",
        ),
        ("shape = \"array\"", "shape = \"frame\"", "realtime operations have a frame"),
        ("fields = [[\"pdno\", \"상품번호\"]]", "fields = []", "the output output has no field"),
        ("[\"pdno\", \"상품번호\"]", "[\"pdno\"]", "invalid length 1"),
    ];
    for (right, wrong, told) in faults {
        assert!(ROW.contains(right), "{right}");
        let fault = build(&ROW.replace(right, wrong)).unwrap_err();
        assert!(fault.contains(told) && (fault.contains("group.toml") || fault.contains("TR id of one")), "{fault}");
    }
    let twice = format!("{ROW}{}", &ROW[ROW.find("[[operation]]").unwrap()..]);
    assert!(build(&twice).unwrap_err().contains("one is already the name of one"));
}

#[test]
fn a_wrong_word_is_refused_by_name() {
    assert!(build_with(ROW, WORDS, ASKED).is_ok());
    let faults = [
        ("words = [\"잔고\", \"holdings\"]", "words = [\"?\"]", "\"?\" has no letter"),
        ("means = [\"balance\"]", "means = [\"balances\"]", "balances is no concept"),
        ("one = [\"balance\"]", "two = [\"balance\"]", "two is no operation and no group"),
        ("one = 5", "three = 5", "three is no operation and no group"),
        ("group = [\"balance\"]", "grup = [\"balance\"]", "grup is no operation and no group"),
        ("[kinds]", "[kinds]\nquotations = []", "unknown variant `quotations`"),
        ("[[\"balance\", \"sell\"]]", "[[\"balance\", \"buy\"]]", "buy is no concept"),
        ("sell = [\"balance\"]", "buy = [\"balance\"]", "buy is no concept"),
        ("[100, 20, 10]", "[100, 20]", "invalid length 2"),
        ("words = [\"잔고\"", "word = [\"잔고\"", "unknown field `word`"),
    ];
    for (right, wrong, told) in faults {
        assert!(WORDS.contains(right), "{right}");
        let fault = build_with(ROW, &WORDS.replace(right, wrong), ASKED).unwrap_err();
        assert!(fault.contains(told) && fault.contains("catalog/search.toml"), "{fault}");
    }
    let twice = WORDS.replace("[operations]", "[[words]]\nmeans = []\nwords = [\"Holding\"]\n\n[operations]");
    assert!(build_with(ROW, &twice, ASKED).unwrap_err().contains("\"Holding\" has two meanings"));
}

#[test]
fn a_wrong_phrase_is_refused_by_name() {
    let faults =
        [("one = [", "two = [", "two is no operation"), ("[\"what do I own\", ", "\"what\" # ", "invalid type")];
    for (right, wrong, told) in faults {
        let fault = build_with(ROW, WORDS, &ASKED.replace(right, wrong)).unwrap_err();
        assert!(fault.contains(told) && fault.contains("catalog/asked.toml"), "{fault}");
    }
}
