//! Tables as people have them: ids, labels and gaps of all kinds.

use std::path::{Path, PathBuf};

use cl_data::Ids;
use cl_data::io::{Array, ArrayData, TableOptions, write_npy, write_npz};
use cl_difficulty::table::{DirectionSource, ReadOptions, Table};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn text(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

fn ids(table: &Table) -> Vec<String> {
    table.ids.iter().flat_map(Ids::iter).map(Into::into).collect()
}

fn error_of(path: &Path, column: &str) -> String {
    Table::read(path).unwrap().column(column).unwrap_err().to_string()
}

#[test]
fn the_same_scores_in_every_dialect() {
    let folder = Folder::new();
    let comma = TableOptions { decimal_comma: true, ..TableOptions::default() };
    for (name, text, table) in [
        ("plain.csv", "id,loss\na,0.5\nb,1.5\n", TableOptions::default()),
        ("crlf.csv", "\u{feff}id,loss\r\na,0.5\r\nb,1.5\r\n", TableOptions::default()),
        ("quoted.csv", "\"id\",\"loss\"\n\"a\",\"0.5\"\n\"b\",\"1.5\"\n", TableOptions::default()),
        ("tab.tsv", "id\tloss\na\t0.5\nb\t1.5\n", TableOptions::default()),
        ("index.csv", ",id,loss\n0,a,0.5\n1,b,1.5\n", TableOptions::default()),
        ("unnamed.csv", "Unnamed: 0,id,loss\n0,a,0.5\n1,b,1.5\n", TableOptions::default()),
        ("semicolon.csv", "id;loss\na;0,5\nb;1,5\n", comma),
        (
            "rows.jsonl",
            "{\"id\": \"a\", \"loss\": 0.5}\n{\"loss\": 1.5, \"id\": \"b\"}\n",
            TableOptions::default(),
        ),
    ] {
        let path = folder.text(name, text);
        let read = Table::read_with(&path, &ReadOptions { table, id_column: None }).unwrap();
        assert_eq!(ids(&read), ["a", "b"], "{name}");
        assert_eq!(read.chosen(None).unwrap().values, [0.5, 1.5], "{name}");
    }
    let error = error_of(&folder.text("s.csv", "id;loss\na;0,5\n"), "loss");
    assert!(error.contains("\"0,5\", expected a number; option `decimal_comma`"), "{error}");
}

#[test]
fn ids_are_the_surest_and_keep_their_text() {
    let folder = Folder::new();
    let of = |text: &str| ids(&Table::read(folder.text("t.csv", text)).unwrap());
    assert_eq!(of("loss,guid,idx\n1,007,5\n2,9007199254740993,5\n"), ["007", "9007199254740993"]);
    assert_eq!(of(",loss\n5,1\n6,2\n"), ["5", "6"]);
    assert_eq!(of("index,loss\nx,1\ny,2\n"), ["x", "y"]);
    assert_eq!(of("loss,__index_level_0__\n1,8\n2,9\n"), ["8", "9"]);
    assert_eq!(of("loss\n1\n2\n"), ["0", "1"]);
    let path = folder.text("large.jsonl", "{\"id\":18446744073709551615,\"loss\":1}\n");
    assert_eq!(ids(&Table::read(path).unwrap()), ["18446744073709551615"]);
    let path = folder.text("named.csv", "id,name,loss\n1,a,0.5\n2,b,1.5\n");
    let named = ReadOptions { id_column: Some("name".into()), ..ReadOptions::default() };
    let table = Table::read_with(&path, &named).unwrap();
    assert_eq!((ids(&table), table.columns.len()), (vec!["a".to_owned(), "b".to_owned()], 1));
    let other = ReadOptions { id_column: Some("nome".into()), ..ReadOptions::default() };
    assert!(Table::read_with(&path, &other).unwrap_err().to_string().contains("no column `nome`"));
    let twice = Table::read(folder.text("t.csv", "id,loss\na,1\na,2\n")).unwrap_err().to_string();
    let expected =
        "id a is borne by examples 0 and 1, expected every id once; option `id_column` names another column";
    assert!(twice.ends_with(expected), "{twice}");
    let empty = Table::read(folder.text("t.csv", "id,loss\na,1\n,2\n")).unwrap_err().to_string();
    assert!(empty.contains("line 3, column `id`: empty, expected an id"), "{empty}");
}

#[test]
fn labels_are_integers_or_texts() {
    let folder = Folder::new();
    let of = |text: &str| Table::read(folder.text("t.csv", text)).unwrap();
    assert_eq!(of("id,gold,loss\n1,1.0,0\n2,0,0\n").labels, Some(vec![1, 0]));
    assert_eq!(of("id,label,loss\n1,emu,0\n2,cat,0\n3,emu,0\n").labels, Some(vec![1, 0, 1]));
    // A target of a regression is no obstacle until labels are needed.
    let table = of("id,target,loss\n1,0.5,0\n2,0.7,0\n");
    assert_eq!((table.labels.as_ref(), table.columns.len()), (None, 1));
    let error = table.needed_labels().unwrap_err().to_string();
    assert!(error.contains("line 2, column `target`") && error.contains("regression"), "{error}");
}

#[test]
fn what_is_not_asked_for_is_no_obstacle() {
    let folder = Folder::new();
    let text = "id,text,day,gap,nan,low,high,none,loss,flag\n\
                a,hello,2020-01-01,1,0.5,1,1,,0.5,True\n\
                b,\"so, long\",2020-01-02,,nan,-inf,inf,,1.5,False\n";
    let path = folder.text("t.csv", text);
    let table = Table::read(&path).unwrap();
    assert_eq!(table.column("loss").unwrap().values, [0.5, 1.5]);
    assert_eq!(table.column("flag").unwrap().values, [1.0, 0.0]);
    for (column, expected) in [
        ("text", "line 2, column `text`: \"hello\", expected a number"),
        ("day", "line 2, column `day`: \"2020-01-01\", expected a number"),
        ("gap", "line 3, column `gap`: empty, expected a number"),
        ("nan", "line 3, column `nan`: nan of example b is NaN, expected a number"),
        ("low", "line 3, column `low`: low of example b is -inf, expected a number above -inf"),
        ("high", "line 3, column `high`: high of example b is inf, expected a finite number"),
        ("none", "line 2, column `none`: empty, expected a number"),
        ("other", "no column `other`, the columns are loss, flag, gap, nan, low, high"),
    ] {
        let error = error_of(&path, column);
        assert!(error.ends_with(expected), "{error}");
    }
    // Numbers with a gap may be what was meant, texts are not.
    let error = table.chosen(None).unwrap_err().to_string();
    assert!(error.contains("6 columns, expected option `column`"), "{error}");
    let one = Table::read(folder.text("one.csv", "id,text,loss\na,x,1\n")).unwrap();
    assert_eq!(one.chosen(None).unwrap().name, "loss");
    let counts = Table::read(folder.text("f.csv", "id,forgetting\na,1\nb,inf\n")).unwrap();
    assert_eq!(counts.chosen(None).unwrap().values, [1.0, f64::INFINITY]);
    let error = counts.difficulties(&counts.columns[0], Some(false)).unwrap_err().to_string();
    assert!(error.contains("forgetting of example b is -inf"), "{error}");
}

#[test]
fn json_lines_of_all_types() {
    let folder = Folder::new();
    let lines = "{\"id\":\"a\",\"loss\":1,\"list\":[1,2],\"nested\":{\"k\":1},\"mixed\":1,\"low\":1.5}\n\
                 {\"id\":\"b\",\"loss\":2.5,\"list\":[3],\"nested\":{},\"mixed\":\"x\",\"low\":-Infinity}\n";
    let path = folder.text("t.jsonl", lines);
    assert_eq!(Table::read(&path).unwrap().chosen(Some("loss")).unwrap().values, [1.0, 2.5]);
    for (column, expected) in [
        ("list", "line 1, column `list`: a list of 2 numbers, expected a number"),
        ("nested", "line 1, column `nested`: an object, expected a number"),
        ("mixed", "line 2, column `mixed`: mixed types: a text here, integers in the rows before"),
        ("low", "line 2, column `low`: low of example b is -inf, expected a number above -inf"),
    ] {
        let error = error_of(&path, column);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn arrays_are_read_as_before() {
    let folder = Folder::new();
    let path = folder.0.path().join("s.npy");
    let array = Array::new(vec![4], ArrayData::F64(vec![1.0, 2.0, 3.0, f64::NEG_INFINITY])).unwrap();
    write_npy(&path, &array).unwrap();
    let error = Table::read_plain(&path).unwrap().chosen(None).unwrap_err().to_string();
    assert!(error.contains("element 3: difficulty of example 3 is -inf"), "{error}");
    write_npy(&path, &Array::new(vec![2], ArrayData::F32(vec![f32::INFINITY, 1.0])).unwrap()).unwrap();
    let error = Table::read_plain(&path).unwrap().chosen(None).unwrap_err().to_string();
    assert!(error.contains("element 0: difficulty of example 0 is inf, expected a finite number"), "{error}");
    assert!(Table::read(&path).unwrap_err().to_string().contains("has no ids"));
    write_npy(&path, &Array::new(vec![2], ArrayData::F64(vec![1.0, 2.0])).unwrap()).unwrap();
    let table = Table::read_plain(&path).unwrap();
    assert_eq!(table.direction("difficulty").unwrap().from, DirectionSource::Convention);
    let archive = folder.0.path().join("s.npz");
    let [ids, loss] = [ArrayData::Text(vec!["x".into(), "y".into()]), ArrayData::F32(vec![1.0, 2.0])]
        .map(|data| Array::new(vec![2], data).unwrap());
    let logits = Array::new(vec![1, 2], ArrayData::F32(vec![1.0, 2.0])).unwrap();
    write_npz(&archive, [("ids", &ids), ("loss", &loss), ("logits", &logits)]).unwrap();
    let table = Table::read(&archive).unwrap();
    assert_eq!(table.chosen(None).unwrap().values, [1.0, 2.0]);
    let error = table.column("logits").unwrap_err().to_string();
    assert!(error.contains("member `logits`: shape [1, 2], expected [2] as `ids`"), "{error}");
    write_npz(&archive, [("loss", &loss)]).unwrap();
    assert_eq!(self::ids(&Table::read(&archive).unwrap()), ["0", "1"]);
}

#[test]
fn members_of_an_archive_have_the_roles_of_columns() {
    let folder = Folder::new();
    let path = folder.0.path().join("s.npz");
    let texts = |texts: [&str; 2]| Array::new(vec![2], ArrayData::Text(texts.map(Into::into).into())).unwrap();
    let numbers = |values: [f64; 2]| Array::new(vec![2], ArrayData::F64(values.into())).unwrap();
    let index = Array::new(vec![2], ArrayData::I64(vec![7, 9])).unwrap();
    let (name, label, loss) = (texts(["x", "y"]), texts(["dog", "cat"]), numbers([1.0, 2.0]));
    let members = [("index", &index), ("label", &label), ("loss", &loss), ("name", &name)];
    write_npz(&path, members).unwrap();
    let table = Table::read(&path).unwrap();
    assert_eq!((ids(&table), table.labels.as_deref()), (vec!["7".into(), "9".into()], Some(&[1, 0][..])));
    assert_eq!(table.chosen(None).unwrap().name, "loss");
    let named = |name: &str| ReadOptions { id_column: Some(name.into()), ..ReadOptions::default() };
    assert_eq!(ids(&Table::read_with(&path, &named("name")).unwrap()), ["x", "y"]);
    let error = Table::read_with(&path, &named("nome")).unwrap_err().to_string();
    assert!(error.contains("s.npz: no member `nome`, the archive has index, label, loss, name"), "{error}");
    let twice = texts(["x", "x"]);
    write_npz(&path, [("guid", &twice), ("loss", &loss)]).unwrap();
    let error = Table::read(&path).unwrap_err().to_string();
    assert!(error.contains("member `guid`: id x is borne") && error.contains("option `id_column`"), "{error}");
    write_npz(&path, [("id", &index), ("label", &numbers([0.5, 1.0])), ("loss", &loss)]).unwrap();
    let table = Table::read(&path).unwrap();
    let error = table.needed_labels().unwrap_err().to_string();
    assert!(error.contains("`label`, element 0: label 0.5"), "{error}");
}

/// What is no column is not read: this member is damaged behind its header.
#[test]
fn an_archive_of_outputs_is_refused_by_its_shapes() {
    let folder = Folder::new();
    let path = folder.0.path().join("s.npz");
    let logits = Array::new(vec![100, 10], ArrayData::F64(vec![0.25; 1000])).unwrap();
    write_npz(&path, [("logits", &logits)]).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4000] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = Table::read(&path).unwrap_err().to_string();
    let expected = "s.npz: member `logits`: shape [100, 10], expected one score per example, [N]";
    assert!(error.ends_with(expected), "{error}");
}

#[test]
fn which_way_a_column_points() {
    let folder = Folder::new();
    let table =
        Table::read(folder.text("t.csv", "id,perplexity,aum_seed1,c1,first_learned\na,1,2,3,4\n")).unwrap();
    assert_eq!(table.direction("perplexity").unwrap().from, DirectionSource::Name);
    assert_eq!(table.higher_is_harder("aum_seed1"), Some(false));
    assert_eq!(table.difficulties(table.column("aum_seed1").unwrap(), None).unwrap(), [-2.0]);
    let error = |name: &str| table.needed_direction(name, None).unwrap_err().to_string();
    assert!(error("c1").contains("which way does column `c1` point?"), "{}", error("c1"));
    assert!(error("c1").ends_with("expected option `high_is` hard or easy"), "{}", error("c1"));
    assert!(error("first_learned").contains("a high first_learned is neither hard nor easy"));
    assert_eq!(table.needed_direction("c1", Some(true)).unwrap().from, DirectionSource::Told);
}
