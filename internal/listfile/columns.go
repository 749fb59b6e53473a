package listfile

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
)

// Which column of a table counts: the one that the first row names like the claim,
// else the first. A value in any other would be lost without a word, so a line with
// one is faulty, unless the first row says that it is something else.

// row reads one line into the set.
func (rd *reader) row(line []byte) error {
	if rd.column == 0 && rd.number(line) {
		rd.rows++
		return nil
	}
	if rd.fatal = broken(line); rd.fatal != nil || rd.separates(line) {
		return nil
	}
	if len(line) == 0 || line[0] == '#' {
		rd.commented = rd.commented || len(line) > 0
		return nil
	}
	if rd.rows == 0 && rd.sep == "" {
		rd.sep = separator(line)
	}
	if err := rd.split(line, rd.separators()); err != nil {
		rd.rows++
		return err
	}
	if rd.width() == 0 {
		return nil // a row of a spreadsheet in which nothing is written
	}
	if rd.rows++; rd.rows == 1 {
		return rd.firstRow(line)
	}
	return rd.value(line)
}

// broken refuses a file that is not text, or whose line breaks are not those that
// editors show.
func broken(line []byte) error {
	switch {
	case bytes.IndexByte(line, 0) >= 0:
		return errBinary
	case bytes.IndexByte(line, '\r') >= 0:
		return errBreak
	}
	return nil
}

var sepLine = regexp.MustCompile(`^(?i:sep)=([,;])$`)

// separates says whether the line is `sep=;`, which tells Excel the separator.
func (rd *reader) separates(line []byte) bool {
	if rd.line != 1 {
		return false
	}
	m := sepLine.FindSubmatch(line)
	if m == nil {
		return false
	}
	rd.sep = string(m[1])
	return true
}

// split takes a line apart into rd.cells.
func (rd *reader) split(line []byte, seps string) (err error) {
	rd.cells, err = split(rd.cells[:0], line, seps, rd.format.numbers)
	if errors.Is(err, errOpenQuote) {
		rd.skipQuoted()
	}
	return err
}

// separators are what separates the columns of the file. No separator is part of
// a number, so any of them will do while the first row has named no columns.
func (rd *reader) separators() string {
	switch {
	case rd.format.numbers && rd.names == nil && rd.rows > 0:
		return allSeparators
	case rd.sep == "":
		return ","
	}
	return rd.sep
}

// width counts the columns up to the last one that is not blank.
func (rd *reader) width() int {
	n := len(rd.cells)
	for n > 0 && rd.cells[n-1].blank() {
		n--
	}
	return n
}

func (rd *reader) text(i int) string {
	if i >= len(rd.cells) {
		return ""
	}
	return string(bytes.TrimFunc(rd.cells[i].text, unicode.IsSpace))
}

func (rd *reader) resembles(i int) bool {
	text := rd.text(i)
	if text == "" {
		return false
	}
	if rd.format.Resembles != nil {
		return rd.format.Resembles(text)
	}
	_, err := rd.format.Parse(text)
	return err == nil
}

// value takes the value of a line up, or says what is wrong with the line.
func (rd *reader) value(line []byte) error {
	if rd.isPlain() && !rd.cells[0].quoted && bytes.ContainsAny(rd.cells[0].text, allSeparators) {
		// A plain list whose values hold commas is no table: the first column of one
		// such line would be another, shorter value than the one that was meant.
		if err := rd.split(line, allSeparators); err != nil {
			return err
		}
	}
	text := rd.text(rd.column)
	value, err := rd.format.Parse(text)
	further := rd.further()
	switch {
	case (err != nil || further >= 0) && rd.late():
		rd.headings = rd.line
		return errLate(rd.nameless, rd.format.Claim)
	case further >= 0 && rd.headings > 0:
		return errUnderLate(further+1, rd.column+1, rd.headings)
	case err != nil:
		return rd.explain(line, text, further, err)
	case rd.names != nil && rd.shifted():
		return errColumns
	case further >= 0 && siret.IsSIREN(value) && siret.IsSIRET(siret.Strip(rd.text(further))):
		return errBefore
	case further >= 0:
		return errFurther(further+1, rd.format.Claim)
	case rd.shifted():
		return errColumns
	case strings.ContainsAny(text, otherBreaks):
		return errBreak
	}
	rd.cols = len(rd.cells)
	rd.set.add(rd.format, value)
	rd.set.last = value
	return nil
}

// shifted says whether the column that counts may be another one on this line than
// in the first row: a separator may be part of a value of a column before it.
func (rd *reader) shifted() bool {
	return rd.cols > 0 && len(rd.cells) != rd.cols && (!rd.format.numbers || rd.column > 0)
}

// otherBreaks begin a line in some editors, and are nothing in others.
const otherBreaks = "\v\f\u0085\u2028\u2029"

// isPlain says whether the file is a list of values that may hold separators.
func (rd *reader) isPlain() bool { return !rd.format.numbers && rd.names == nil }

// further finds a value in a column that does not count and has no name.
func (rd *reader) further() int {
	for i := range rd.cells {
		if i != rd.column && (i >= len(rd.names) || !rd.names[i]) && rd.resembles(i) {
			return i
		}
	}
	return -1
}

// scientific is how spreadsheets write a long number that they were not told to
// take for text; its comma may have separated columns.
var scientific = regexp.MustCompile(`^"?[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,2}"?\s*(?:$|[;,\t])`)

// explain says what is probably wrong with a line that has no value.
func (rd *reader) explain(line []byte, text string, further int, err error) error {
	if rd.column > 0 {
		line = []byte(text)
	}
	switch {
	case rd.format.numbers && scientific.Match(line):
		return errScientific
	case further >= 0:
		return errElsewhere(further+1, rd.column+1, rd.format.Claim)
	case text == "":
		return errMissing(rd.column+1, rd.format.Claim)
	case rd.format.numbers && siret.LostZero(siret.Strip(text)):
		return fmt.Errorf("%w %w", err, errZero)
	}
	return err
}
