package listfile

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// row is one line of a list, taken apart.
type row struct {
	first   []byte // the first column, unquoted
	quoted  bool   // the first column stood in quotes
	columns int
	end     int // where a trailing comment begins
}

// separators tells what parts the columns of a file by its first row.
// No separator stands inside a number, so there any of them will do.
func separators(f Format, first []byte) string {
	if f.numbers {
		return ",;\t"
	}
	for _, sep := range []string{"\t", ";", ","} {
		if r, err := split(first, sep, true); err == nil && r.columns > 1 {
			return sep
		}
	}
	return ","
}

// split takes a line apart as RFC 4180 says. A # after white space opens a
// comment if it stands before any other column; in a text it must be followed
// by white space, since "Bureau #3" is a name.
func split(line []byte, seps string, anyHash bool) (row, error) {
	r := row{end: len(line)}
	rest, at := line, 0
	for {
		r.columns++
		col, n, quoted, err := column(rest, seps, r.columns == 1, anyHash)
		if r.columns == 1 {
			r.first, r.quoted = col, quoted
		}
		if err != nil {
			return r, err
		}
		at += n
		if at >= len(line) {
			return r, nil
		}
		if line[at] == '#' {
			r.end = at
			return r, nil
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

// blank is white space but for the tab, which parts columns.
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
			end, err = afterQuote(s, i+1, seps, first)
			return value, end, true, err
		}
	}
	return nil, len(s), true, errOpenQuote
}

// afterQuote finds where a quoted column ends: nothing but white space may follow.
func afterQuote(s []byte, i int, seps string, first bool) (int, error) {
	for ; i < len(s); i++ {
		if bytes.IndexByte([]byte(seps), s[i]) >= 0 {
			return i, nil
		}
		if first && s[i] == '#' && spaceBefore(s, i) {
			return i, nil
		}
		if r, n := utf8.DecodeRune(s[i:]); unicode.IsSpace(r) {
			i += n - 1
			continue
		}
		if first {
			return i, errTail
		}
	}
	return i, nil
}
