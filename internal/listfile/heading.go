package listfile

import (
	"bytes"
	"strings"
)

// firstRow reads a row that may name the columns.
func (rd *reader) firstRow(line []byte) error {
	if at, _ := rd.named(rd.width()); at < 0 {
		rd.nameless = rd.line
	}
	if rd.heading() {
		rd.cols = len(rd.cells)
		return nil
	}
	if err := rd.split(line, rd.separators()); err != nil {
		return err
	}
	return rd.value(line)
}

// heading says whether the first row names the columns, and if so which one counts.
func (rd *reader) heading() bool {
	width := rd.width()
	at, several := rd.named(width)
	first := name(rd.cells[0].text)
	switch {
	case several:
		rd.fatal = errTwoColumns(rd.format.Claim)
		return true
	case at >= 0 && width > 1:
		rd.column, rd.names = at, make([]bool, len(rd.cells))
		for i, c := range rd.cells {
			rd.names[i] = !c.blank()
		}
	case at >= 0:
	case rd.format.Other != nil && rd.format.Other(first, width):
		rd.fatal = errOtherKind(first, rd.format.Claim)
		return true
	case rd.anyValue() || rd.format.Heading == nil || !rd.format.Heading(rd.text(0), width):
		return false
	}
	if value, err := rd.format.Parse(rd.text(rd.column)); err == nil {
		rd.set.doubt = new(Set)
		rd.set.doubt.add(rd.format, value)
		rd.set.doubt.finish()
	}
	rd.set.column = rd.column
	return true
}

// named finds the column that is named like the claim. Other names for the claim count
// only in a table: in a plain list they may be values.
func (rd *reader) named(width int) (at int, several bool) {
	if at, several = rd.find(width, rd.format.Claim); at < 0 && width > 1 {
		return rd.find(width, rd.format.Aliases...)
	}
	return at, several
}

// late says whether the row has the headings of a table under a title, or whatever else
// people write above one.
func (rd *reader) late() bool {
	width := rd.width()
	if rd.nameless == 0 || rd.rows == 1 || width < 2 {
		return false
	}
	at, _ := rd.named(width)
	return at >= 0
}

func (rd *reader) find(width int, names ...string) (at int, several bool) {
	at = -1
	known := make(map[string]bool, len(names))
	for _, n := range names {
		known[name([]byte(n))] = n != ""
	}
	for i := range width {
		if known[name(rd.cells[i].text)] {
			at, several = i, several || at >= 0
		}
	}
	return at, several
}

var accents = strings.NewReplacer("é", "e", "è", "e", "ê", "e", "É", "e", "ô", "o", "-", " ", "_", " ", "’", " ", "'", " ", "°", " ")

// name is a heading without what people put around the name of a claim.
func name(heading []byte) string {
	words := strings.Fields(strings.ToLower(accents.Replace(string(bytes.TrimSpace(heading)))))
	for len(words) > 1 && isDecoration(words[0]) {
		words = words[1:]
	}
	return strings.Join(words, " ")
}

func isDecoration(word string) bool {
	switch word {
	case "n", "no", "num", "numero", "code", "de", "du", "le", "la", "l":
		return true
	}
	return false
}

// anyValue says whether any column holds what may be a value: such a row is no
// heading, or its values would be lost.
func (rd *reader) anyValue() bool {
	for i := range rd.cells {
		if rd.resembles(i) {
			return true
		}
	}
	return false
}
