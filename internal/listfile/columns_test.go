package listfile

import (
	"errors"
	"strings"
	"testing"
)

// addresses is a format of what has an @.
var addresses = Format{
	Name: "addresses", Claim: "email", Aliases: []string{"adresse mail"},
	Parse: func(s string) (string, error) {
		if strings.Count(s, "@") != 1 || strings.ContainsAny(s, " ,;") {
			return "", errors.New("no address")
		}
		return strings.ToLower(s), nil
	},
	Heading:   func(first string, columns int) bool { return columns > 1 && !strings.Contains(first, "@") },
	Resembles: func(s string) bool { return strings.Contains(s, "@") },
	Other:     func(name string, _ int) bool { return name == "uid" },
}

// What a line holds besides the value that would be taken is never dropped: a deny
// would let in whoever stands there. What a person did in a spreadsheet is told.
//
// The case: "one line `a@x; b@x; c@x`, or `13002526500013, 21920023500014`; a table whose
// SIREN stands before its SIRET; rows of separators alone; `sep=;`; last line without
// newline; 13-digit and scientific numbers".
func TestReadNothingIsDropped(t *testing.T) {
	const further = "line 1: another value in column 2: write one a line, and put quotes around one that holds a comma or semicolon; of a table, the first row must name the column that counts: "
	for _, c := range []struct {
		name   string
		format Format
		text   string
		want   string // the values; where it is empty, the file is refused
		fault  string
	}{
		{"two addresses", addresses, "a@x; b@x\nc@x;\n", "c@x", further + "email"},
		{"three addresses on the only line", addresses, "a@x; b@x; c@x\n", "", "no line of it is good: " + further + "email"},
		{"an address that is mistyped", addresses, "a@x; b@x@x\nc@x;\n", "c@x", further + "email"},
		{"two addresses in a plain list", addresses, "c@x\na@x,b@x\n", "c@x", strings.Replace(further, "line 1", "line 2", 1) + "email"},
		{"two addresses, and another separator", addresses, "c@x\na@x;b@x\n", "c@x", strings.Replace(further, "line 1", "line 2", 1) + "email"},
		{"two numbers", SIRET, "13002526500013, 21920023500014\n11002001300097\n", "11002001300097", further + "siret"},
		{"two numbers behind a name", SIRET, "13002526500013;DINUM, 21920023500014\n11002001300097\n", "11002001300097", strings.Replace(further, "column 2", "column 3", 1) + "siret"},
		{"a second number that is mistyped", SIRET, "13002526500013, 2192002350001\n11002001300097\n", "11002001300097", further + "siret"},
		{"a second number that is rounded", SIRET, "13002526500013;2,19200E+13\n11002001300097\n", "11002001300097", strings.Replace(further, "column 2", "column 3", 1) + "siret"},
		{"two numbers with a blank", SIRET, "13002526500013 21920023500014\n11002001300097\n", "11002001300097", "line 1: 28 digits, want 14 (SIRET) or 9 (SIREN)"},
		{"a SIREN before a SIRET", SIRET, "130025265;13002526500013\n11002001300097\n", "11002001300097", "line 1: " + errBefore.Error()},
		{"a SIREN before a SIRET on each line", SIRET, "130025265;13002526500013\n", "", "no line of it is good: line 1: " + errBefore.Error()},
		{"a number in the first row is no heading", SIRET, "DINUM;13002526500013\n11002001300097\n", "11002001300097", "line 1: the value is in column 2, but column 1 counts: move it there, or name its column in the first row: siret"},
		{"an address in the second column", addresses, "Nom;Courriels\nDupont;a@x\nb@x;\n", "b@x", "line 2: the value is in column 2, but column 1 counts: move it there, or name its column in the first row: email"},
		{"a blank before the number", SIRET, "11002001300097\n;13002526500013\n", "11002001300097", "line 2: the value is in column 2, but column 1 counts: move it there, or name its column in the first row: siret"},

		{"the heading names the third column", SIRET, "siren;nic;siret;denomination\n130025265;00013;13002526500013;\"DINUM; Paris\"\n", "13002526500013", ""},
		{"the heading names it with ornaments", SIRET, "SIREN,N° SIRET\n130025265,13002526500013\n", "13002526500013", ""},
		{"the heading names the second of two addresses", addresses, "Nom;Adresse mail\nDupont;a@x\n", "a@x", ""},
		{"its own name goes before another", addresses, "Adresse mail;email\nz@x;a@x\n", "a@x", ""},
		{"a column beyond those that are named", SIRET, "siret;nom\n13002526500013;DINUM;21920023500014\n11002001300097;x\n", "11002001300097", strings.Replace(strings.Replace(further, "column 2", "column 3", 1), "line 1", "line 2", 1) + "siret"},
		{"a column without a name", SIRET, "siret;nom;\n13002526500013;DINUM;21920023500014\n11002001300097;x;\n", "11002001300097", strings.Replace(strings.Replace(further, "column 2", "column 3", 1), "line 1", "line 2", 1) + "siret"},
		{"a separator in a column before it", SIRET, "nom;siret;x\nDINUM;13002526500013;\nDINUM;Paris;21920023500014;\nx;11002001300097;\n", "13002526500013 11002001300097", "line 3: not a number: digits and spaces only"},
		{"a bare number where another column counts", SIRET, "siren;siret\n130025265\n130025265;13002526500013\n", "13002526500013", "line 2: no siret in this row: column 2 is empty: fill it in, or delete the row"},
		{"text behind the quote of the column that counts", SIRET, "x;siret\n1;\"13002526500013\"0\n1;11002001300097\n", "11002001300097", "line 2: not a number: digits and spaces only"},

		{"SIRENs with their names, where SIRETs are meant", SIRET, "siren;nom\n130025265;DINUM\n", "", "line 1: its first column is named siren, and the rule compares siret: say siren from, or name the column that counts in the first row: siret"},
		{"SIRETs where SIRENs are meant", SIREN, "SIRET\n13002526500013\n", "", "line 1: its first column is named siret, and the rule compares siren: say siret from, or name the column that counts in the first row: siren"},
		{"another claim", addresses, "uid;nom\na@x;Dupont\n", "", "line 1: its first column is named uid, and the rule compares email: say uid from, or name the column that counts in the first row: email"},
		{"a row without an address", addresses, "nom;email\nDupont;\nDurand;a@x\n", "a@x", "line 2: no email in this row: column 2 is empty: fill it in, or delete the row"},
		{"a row of a plain list without a number", SIRET, "13002526500013;DINUM\n;Clamart\n", "13002526500013", "line 2: no siret in this row: column 1 is empty: fill it in, or delete the row"},
		{"a title above the headings", SIRET, "Agents autorisés;;;\nnom;prénom;siret;email\nDupont;A;13002526500013;a@x\n", "", "no line of it is good: line 2: the headings of the columns, but line 1 is the first row and names no column siret: the headings must be the first row: delete the rows above them; line 3: a value is in column 3, but column 1 counts: the headings of line 2 must be the first row"},
		{"a title above the headings of addresses", addresses, "# x\nAgents;;\n;;\nnom;Adresse mail;x\nDupont;a@x;\nb@x;;\n", "b@x", "line 2: no address; line 4: the headings of the columns, but line 2 is the first row and names no column email: the headings must be the first row: delete the rows above them; line 5: a value is in column 2, but column 1 counts: the headings of line 4 must be the first row"},
		{"a title above headings whose first counts", SIRET, "Agents;\nsiret;nom\n13002526500013;DINUM\n", "13002526500013", "line 2: the headings of the columns, but line 1 is the first row and names no column siret: the headings must be the first row: delete the rows above them"},
		{"a title above a table of texts", words, "Agents;\nnom;unit\nDupont;DRH\n", "agents", "line 2: the headings of the columns, but line 1 is the first row and names no column unit: the headings must be the first row: delete the rows above them; line 3: a value is in column 2, but column 1 counts: the headings of line 2 must be the first row"},
		{"two columns of one name", SIRET, "siret;siret\n13002526500013;21920023500014\n", "", "line 1: several columns are named like siret: name one of them siret, and the others otherwise"},
		{"a plain list of SIRENs among SIRETs", SIRET, "siren\n130025265\n", "130025265", ""},

		{"blank rows of a spreadsheet", SIRET, ";;\n13002526500013;;\n ; \"\" ;\n\t\n21920023500014;;\n", "13002526500013 21920023500014", ""},
		{"Excel's line on separators", SIRET, "sep=;\n13002526500013;DINUM\n", "13002526500013", ""},
		{"Excel's line on separators above a heading", addresses, "\ufeffsep=;\r\nNom, prénom;email\r\nDupont, A;a@x\r\n", "a@x", ""},
		{"Excel's line further down", SIRET, "13002526500013\nsep=;\n", "13002526500013", "line 2: not a number: digits and spaces only"},
		{"no end of the last line", SIRET, "13002526500013\n21920023500014", "13002526500013 21920023500014", ""},
		{"a rounded number", SIRET, "1,30025E+13\n11002001300097\n", "11002001300097", "line 1: " + errScientific.Error()},
		{"a rounded number in quotes", SIRET, "\"1,30025E+13\";DINUM\n11002001300097\n", "11002001300097", "line 1: " + errScientific.Error()},
		{"a rounded number in a table", SIRET, "nom;siret\nDINUM;1.30025E+13\nx;11002001300097\n", "11002001300097", "line 2: " + errScientific.Error()},
		{"a lost zero", SIRET, "1300252650001\n11002001300097\n", "11002001300097", "line 1: 13 digits, want 14: a leading zero lost in a spreadsheet? " + errZero.Error()},

		{"a workbook", SIRET, "PK\x03\x04\x14\x00\x06\x00\n", "", errWorkbook.Error()},
		{"an old workbook", SIRET, "\xd0\xcf\x11\xe0\xa1\xb1\n", "", errWorkbook.Error()},
		{"UTF-16 without a mark", SIRET, "1\x003\x00\n\x00", "", "line 1: " + errBinary.Error()},
		{"lines of an old Macintosh", SIRET, "13002526500013\r21920023500014\r", "", errBreak.Error()},
		{"one line of an old Macintosh", SIRET, "13002526500013\n# x\r21920023500014\n", "", "line 2: " + errBreak.Error()},
		{"a line break of another kind", words, "a\u2028b\nc\n", "c", "line 1: " + errBreak.Error()},
		{"texts in two columns", words, "DRH;DAF\nDSI;Cabinet\nx;\n", "x", further + "unit; " + strings.Replace(further, "line 1", "line 2", 1) + "unit"},
		{"a table of texts", words, "Nom;Unit\nDupont;DRH\n", "drh", ""},
		{"no good line", SIRET, "13002526500014\n", "", "no line of it is good: line 1: the checksum fails: a digit is mistyped"},
		{"a comment and no good line", SIRET, "# x\n13002526500014\n", "", "no line of it is good: line 2: the checksum fails: a digit is mistyped"},
		{"an open quote in a plain list", words, "a\nb;\"c\n\"\nd\n", "a d", "line 2: " + errOpenQuote.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := read(strings.NewReader(c.text), c.format)
			if c.want == "" {
				if err == nil || err.Error() != c.fault {
					t.Fatalf("got %v, want %s", err, c.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range strings.Fields(c.want) {
				if !set.HasText(v) && !set.HasSIRET(v) && !set.HasSIREN(v) {
					t.Errorf("%s is missing", v)
				}
			}
			if n := len(strings.Fields(c.want)); set.Len() != n || set.bad.String() != c.fault {
				t.Errorf("%d values, want %d; faults\n     %s\nwant %s", set.Len(), n, set.bad, c.fault)
			}
		})
	}
}
