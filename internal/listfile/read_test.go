package listfile

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// words is a format of texts without spaces.
var words = Format{Name: "words", Claim: "unit", Aliases: []string{"service"}, Parse: func(s string) (string, error) {
	if s == "" {
		return "", errors.New("empty")
	}
	return strings.ToLower(s), nil
}}

func TestReadNumbers(t *testing.T) {
	for _, c := range []struct {
		name, text string
		sirets     string
		sirens     string
		bad        string
	}{
		{name: "one a line", text: "13002526500013\n21920023500014\n", sirets: "13002526500013 21920023500014"},
		{name: "no end of line", text: "13002526500013", sirets: "13002526500013"},
		{name: "CRLF and BOM", text: "\ufeff13002526500013\r\n21920023500014\r\n", sirets: "13002526500013 21920023500014"},
		{name: "comments and blank lines", text: "# DINUM\n\n  \n13002526500013 # here\n\t# more\n", sirets: "13002526500013"},
		{name: "comment after a no-break space", text: "13002526500013\u00a0# here\n", sirets: "13002526500013"},
		{name: "spaces in groups", text: "130 025 265 00013\n130\u00a0025\u202f265\n", sirets: "13002526500013", sirens: "130025265"},
		{name: "twice", text: "13002526500013\n130 025 265 00013\n", sirets: "13002526500013"},
		{name: "CSV with a heading", text: "siret;nom\n13002526500013;DINUM\n", sirets: "13002526500013"},
		{name: "CSV in quotes", text: "\"siret\",\"nom\"\n\"13002526500013\",\"a, \"\"b\"\"\"\n", sirets: "13002526500013"},
		{name: "tabs of a spreadsheet", text: "SIRET\tnom\n13002526500013\tDINUM\n", sirets: "13002526500013"},
		{name: "a heading after comments", text: "# x\n\nN° SIRET\n13002526500013\n", sirets: "13002526500013"},
		{name: "a second heading is a fault", text: "SIRET\nSIRET\n13002526500013\n", sirets: "13002526500013", bad: "line 2: not a number: digits and spaces only"},
		{name: "a mistyped first line is no heading", text: "1300252650001O\n13002526500013\n", sirets: "13002526500013", bad: "line 1: not a number: digits and spaces only"},
		{name: "a lost zero", text: "13002526500013\n5720784001234\n", sirets: "13002526500013", bad: "line 2: 13 digits, want 14: a leading zero lost in a spreadsheet? put it back; in the spreadsheet, format the column as text first"},
		{name: "a checksum", text: "13002526500014\n21920023500014\n", sirets: "21920023500014", bad: "line 1: the checksum fails: a digit is mistyped"},
		{name: "La Poste", text: "35600000009075\n", sirets: "35600000009075"},
		{name: "an open quote swallows its column", text: "13002526500013;\"a\n21920023500014\nb\";c\n11002001300097\n", sirets: "11002001300097", bad: "line 1: a quoted column runs over the end of the line: export the column that counts alone"},
		{name: "an open quote to the end", text: "11002001300097\n\"13002526500013\n21920023500014\n", sirets: "11002001300097", bad: "line 2: a quoted column runs over the end of the line: export the column that counts alone"},
		{name: "text after a quote", text: "11002001300097\n\"13002526500013\"0\n", sirets: "11002001300097", bad: "line 2: text after the closing quote"},
		{name: "a very long line", text: "13002526500013" + strings.Repeat(" ", maxLine) + "x\n21920023500014\n", sirets: "21920023500014", bad: "line 1: longer than 64 kB"},
		{name: "comments alone", text: "# nobody\n"},
		{name: "a heading and a comment", text: "# nobody\nSIRET\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := read(strings.NewReader(c.text), SIRET)
			if err != nil {
				t.Fatal(err)
			}
			sirets, sirens := strings.Fields(c.sirets), strings.Fields(c.sirens)
			for _, s := range sirets {
				if !set.HasSIRET(s) {
					t.Errorf("%s is missing", s)
				}
			}
			for _, s := range sirens {
				if !set.HasSIREN(s) || !set.HasSIRET(s+"00000") {
					t.Errorf("%s is missing", s)
				}
			}
			if set.Len() != len(sirets)+len(sirens) {
				t.Errorf("%d values, want %d", set.Len(), len(sirets)+len(sirens))
			}
			if got := set.bad.String(); got != c.bad || set.Complete() != (c.bad == "") {
				t.Errorf("faults: %q, want %q", got, c.bad)
			}
		})
	}
}

func TestReadTexts(t *testing.T) {
	for _, c := range []struct{ name, text, want, bad string }{
		{name: "one a line", text: "DRH\nBureau du maire\n", want: "drh|bureau du maire"},
		{name: "quotes", text: "\"Direction, bureau 3\"\nDRH\n", want: "direction, bureau 3|drh"},
		{name: "quotes in quotes", text: "\"Le \"\"B\"\"\"\n", want: `le "b"`},
		{name: "a quote inside", text: "Le \"B\"\n", want: `le "b"`},
		{name: "CSV", text: "unit;n\nDRH;1\nDAF;2\n", want: "drh|daf"},
		{name: "CSV whose first column holds a comma", text: "unit;n\nDirection, bureau 3;1\nDAF;2\n", want: "direction, bureau 3|daf"},
		{name: "a comment", text: "DRH # les ressources, humaines\n", want: "drh"},
		{name: "a number sign in quotes", text: "\"Bureau #3\" # le nôtre\n", want: "bureau #3"},
		// "Bureau" alone would let in more people than were meant.
		{name: "a number sign in a name", text: "Bureau #3\nDRH\n", want: "drh", bad: "line 1: a # inside the value: put quotes around the value, or a space after the # of a comment"},
		{name: "a comma in a plain list", text: "DRH\nDirection, bureau 3\n", want: "drh", bad: "line 2: another value in column 2: write one a line, and put quotes around one that holds a comma or semicolon; of a table, the first row must name the column that counts: unit"},
		{name: "a semicolon in a plain list", text: "DRH\nDirection; bureau 3\n", want: "drh", bad: "line 2: another value in column 2: write one a line, and put quotes around one that holds a comma or semicolon; of a table, the first row must name the column that counts: unit"},
		{name: "a column too many", text: "unit,n\nDRH,1\nDirection, bureau 3,2\n", want: "drh", bad: "line 3: another number of columns than the first line: put quotes around a value that holds a comma or semicolon"},
		{name: "an empty first column", text: "unit,n\nDRH,1\n,2\n", want: "drh", bad: "line 3: no unit in this row: column 1 is empty: fill it in, or delete the row"},
		{name: "patterns", text: "sg/*\nDRH\nsg/*\n", want: "sg/*|drh"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := read(strings.NewReader(c.text), words)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Split(c.want, "|")
			globs := strings.Join(set.Globs(), "|")
			for _, w := range want {
				if !set.HasText(w) && !strings.Contains(globs, w) {
					t.Errorf("%q is missing", w)
				}
			}
			if set.Len() != len(want) {
				t.Errorf("%d values, want %d", set.Len(), len(want))
			}
			if got := set.bad.String(); got != c.bad {
				t.Errorf("faults: %q, want %q", got, c.bad)
			}
		})
	}
}

// The first row of several columns names them. Where it could be a value, the list
// does not hold it, and is in doubt of it: in a CSV without a heading it was meant.
func TestReadHeadings(t *testing.T) {
	for _, c := range []struct{ name, text, want, doubt string }{
		{"a table", "Service;Nom\nDRH;x\n", "drh", "service"},
		{"a quoted table", "\"Service\",\"Nom\"\n\"DRH\",\"x\"\n", "drh", "service"},
		{"a known heading", "unit\nDRH\n", "drh", "unit"},
		{"the same further down", "DRH\nunit\n", "drh|unit", ""},
		{"a plain list", "Service\nDRH\n", "service|drh", ""},
		{"a comment above", "# of our own\nService;Nom\nDRH;x\n", "drh", "service"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := read(strings.NewReader(c.text), words)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range strings.Split(c.want, "|") {
				if !set.HasText(w) {
					t.Errorf("%q is missing", w)
				}
			}
			if n := len(strings.Split(c.want, "|")); set.Len() != n || !set.Complete() {
				t.Errorf("%d values, want %d; faults: %s", set.Len(), n, set.bad)
			}
			if doubt := set.Doubt(); (doubt != nil) != (c.doubt != "") || doubt != nil && !doubt.HasText(c.doubt) {
				t.Errorf("in doubt of %v, want %q", doubt, c.doubt)
			}
		})
	}
}

func TestReadRefusesTheWhole(t *testing.T) {
	for name, text := range map[string]string{
		"zero bytes":             "",
		"a byte order mark":      "\ufeff",
		"blank lines":            "\n \r\n\n",
		"a heading alone":        "SIRET\n",
		"Windows-1252":           "13002526500013;Cr\xe9teil\n",
		"UTF-16":                 "\xff\xfe1\x003\x00\n\x00",
		"Windows-1252 far below": strings.Repeat("13002526500013\n", 10_000) + "\xe9\n",
	} {
		t.Run(name, func(t *testing.T) {
			if set, err := read(strings.NewReader(text), SIRET); err == nil {
				t.Errorf("read %d values, %s", set.Len(), set.bad)
			}
		})
	}
}

func TestSIRENList(t *testing.T) {
	text := "130025265\n13002526500013\n"
	set, err := read(strings.NewReader(text), SIREN)
	if err != nil {
		t.Fatal(err)
	}
	if !set.HasSIREN("130025265") || set.Len() != 1 {
		t.Errorf("got %d values", set.Len())
	}
	if want := "line 2: " + errLongSIREN.Error(); set.bad.String() != want {
		t.Errorf("got %s, want %s", set.bad, want)
	}
}

// Ten faults are told one by one, the others counted.
func TestBadLinesAreBounded(t *testing.T) {
	set, err := read(strings.NewReader("13002526500013\n"+strings.Repeat("x\n", 100)), SIRET)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.bad.First) != maxBad || set.bad.Total != 100 || !strings.HasSuffix(set.bad.String(), "; and 90 more") {
		t.Errorf("got %s", set.bad)
	}
}

// checkNothingIsLost: whatever in a file reads as a value is in the set, or its line is
// faulty, unless the first row says what its column is.
func checkNothingIsLost(t *testing.T, text string, rd *reader) {
	t.Helper()
	set := rd.set
	if rd.names != nil || set.bad.Total > len(set.bad.First) || strings.ContainsAny(text, "\"#") {
		return // quotes and comments are for the table of cases
	}
	bad := make(map[int]bool)
	for _, b := range set.bad.First {
		bad[b.Line] = true
	}
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		if i == 0 && sepLine.MatchString(strings.TrimSpace(line)) || bad[i+1] {
			continue
		}
		for _, cell := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(allSeparators, r) }) {
			value, err := rd.format.Parse(strings.TrimSpace(cell))
			if err == nil && !has(set, value) && (set.doubt == nil || !has(set.doubt, value)) {
				t.Fatalf("%s %q: %q on line %d is lost; faults: %s", rd.format.Name, text, cell, i+1, set.bad)
			}
		}
	}
}

// has says whether a set holds just this value.
func has(set *Set, value string) bool {
	siret, _ := number(value, 14)
	siren, _ := number(value, 9)
	return set.HasText(value) || slices.Contains(set.globs, value) || len(value) == 14 && slices.Contains(set.sirets, siret) ||
		len(value) == 9 && slices.Contains(set.sirens, uint32(siren))
}

// Whatever the file, a value of the set stands in it, digit by digit.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"13002526500013\n# x\n\"130 025 265\";a\n", "\ufeffSIRET\r\n13002526500013 # x", "\"a\nb\";c", "a,b\nc", "a #b", "\"\"\"", "\xff", "",
		"\t;,\"#", "a@x; b@x\nc@x", "sep=;\n13002526500013;130025265", "sep=\n0", ";;\n1,3E+13", "siren;siret\n130025265;13002526500013", "130025265;DINUM, 13002526500013", "a\t\nb,c\t", "\u00a0#\u00a0", "x\"y\"",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range []Format{SIRET, SIREN, words, addresses} {
			rd := newReader(strings.NewReader(text), format)
			set, err := rd.all()
			if err != nil {
				continue
			}
			checkNothingIsLost(t, text, rd)
			for w := range set.texts {
				if strings.ContainsAny(w, "\n") {
					t.Fatalf("%q runs over lines", w)
				}
			}
			if rows := strings.Count(text, "\n") + 1; set.Len()+set.bad.Total > rows {
				t.Fatalf("%d values and %d faults in %d lines", set.Len(), set.bad.Total, rows)
			}
			if format.short && len(set.sirets) > 0 {
				t.Fatal("a SIRET among SIRENs")
			}
		}
	})
}
