package listfile

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// cell is one column of a line, unquoted.
type cell struct {
	text   []byte
	quoted bool
}

func (c cell) blank() bool { return len(bytes.TrimFunc(c.text, unicode.IsSpace)) == 0 }

// allSeparators are what may separate columns.
const allSeparators = ",;\t"

// separator tells what separates the columns of a table by its first row; empty
// if that has one column.
func separator(first []byte) string {
	for _, sep := range []string{"\t", ";", ","} {
		if cells, err := split(nil, first, sep, true); err == nil && len(cells) > 1 {
			return sep
		}
	}
	return ""
}

// split takes a line apart as RFC 4180 says, and appends its columns to cells. A #
// after white space opens a comment if it is before any other column; in a text
// it must be followed by white space, since "Bureau #3" is a name.
func split(cells []cell, line []byte, seps string, anyHash bool) ([]cell, error) {
	rest, at := line, 0
	for first := true; ; first = false {
		value, n, quoted, err := column(rest, seps, first, anyHash)
		if err != nil {
			return cells, err
		}
		cells = append(cells, cell{value, quoted})
		at += n
		if at >= len(line) || first && line[at] == '#' {
			return cells, nil
		}
		at++ // the separator
		rest = line[at:]
	}
}

// column returns the first column of s, and where it ends: at a separator, at
// the # of a comment or at the end.
func column(s []byte, seps string, first, anyHash bool) (value []byte, end int, quoted bool, err error) {
	start := len(s) - len(bytes.TrimLeftFunc(s, blank))
	if start < len(s) && s[start] == '"' {
		return quotedColumn(s, start, seps, first)
	}
	for i := start; i < len(s); i++ {
		if bytes.IndexByte([]byte(seps), s[i]) >= 0 {
			return s[:i], i, false, nil
		}
		if !first || s[i] != '#' || !spaceBefore(s, i) {
			continue
		}
		if after, _ := utf8.DecodeRune(s[i+1:]); i+1 < len(s) && !anyHash && !unicode.IsSpace(after) {
			return nil, i, false, errHash
		}
		return s[:i], i, false, nil
	}
	return s, len(s), false, nil
}

// blank is white space but for the tab, which separates columns.
func blank(r rune) bool { return r != '\t' && unicode.IsSpace(r) }

func spaceBefore(s []byte, i int) bool {
	r, _ := utf8.DecodeLastRune(s[:i])
	return i == 0 || unicode.IsSpace(r)
}

// quotedColumn reads a column that opens with a quote at start; a quote in it is doubled.
func quotedColumn(s []byte, start int, seps string, first bool) (value []byte, end int, quoted bool, err error) {
	for i := start + 1; i < len(s); i++ {
		switch {
		case s[i] != '"':
			value = append(value, s[i])
		case i+1 < len(s) && s[i+1] == '"':
			value = append(value, '"')
			i++
		default:
			end, tail := afterQuote(s, i+1, seps, first)
			switch {
			case tail && first:
				return nil, end, true, errTail
			case tail: // no value, whatever is between the quotes
				return s[:end], end, false, nil
			}
			return value, end, true, nil
		}
	}
	return nil, len(s), true, errOpenQuote
}

// afterQuote finds where a quoted column ends, and says whether anything but white
// space follows the quote.
func afterQuote(s []byte, i int, seps string, first bool) (end int, tail bool) {
	for ; i < len(s); i++ {
		if bytes.IndexByte([]byte(seps), s[i]) >= 0 || first && s[i] == '#' && spaceBefore(s, i) {
			return i, tail
		}
		r, n := utf8.DecodeRune(s[i:])
		tail = tail || !unicode.IsSpace(r)
		i += n - 1
	}
	return i, tail
}
