package listfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"

	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
)

// maxLine bounds one line, in bytes.
const maxLine = 64 << 10

// maxReserve bounds what is reserved on a guess, in numbers.
const maxReserve = 1 << 20

// Faults of a whole file.
var (
	errEmpty = errors.New("empty: a file that was cut short looks like this; write a # comment to mean nobody")
	errUTF8  = errors.New("not UTF-8 (saved as Windows-1252 or UTF-16?): save it as UTF-8")
)

// Faults of a line.
var (
	errLongSIREN = errors.New("a SIRET (14 digits) in a list of SIRENs: keep its first nine digits, or say siret from")
	errLong      = errors.New("longer than 64 kB")
	errOpenQuote = errors.New("a quoted column runs over the end of the line: export the first column alone")
	errTail      = errors.New("text after the closing quote")
	errHash      = errors.New("a # inside the value: put quotes around the value, or a space after the # of a comment")
	errCut       = errors.New("the last line has no end, which it had before: was the file cut short? end it with a line break")
	errColumns   = errors.New("another number of columns than the first line: put quotes around a value that holds a comma or semicolon")
)

var bom = []byte("\ufeff")

// reader reads one file.
type reader struct {
	format Format
	in     *bufio.Reader
	line   int
	set    *Set
	rows   int    // rows that are neither blank nor comments
	said   bool   // a comment was found: an empty list is meant
	seps   string // what parts columns; texts: told by the first row
	cols   int    // columns of the first good row
}

// read reads a whole list. It fails if the file as a whole cannot be trusted;
// lines with a fault are left out and recorded in the set. size is a hint.
func read(r io.Reader, size int64, f Format) (*Set, error) {
	rd := &reader{format: f, in: bufio.NewReaderSize(r, maxLine), set: new(Set)}
	if start, _ := rd.in.Peek(len(bom)); bytes.Equal(start, bom) {
		rd.in.Discard(len(bom))
	}
	rd.reserve(size)
	for {
		line, err := rd.next()
		if err == io.EOF {
			break
		}
		if err != nil && !errors.Is(err, errLong) {
			return nil, err
		}
		at := rd.line // a quoted column may end further down
		if err == nil {
			err = rd.row(line)
		}
		if err != nil {
			rd.set.bad.add(at, err)
		}
	}
	if rd.set.Len() == 0 && rd.set.Complete() && !rd.said {
		return nil, errEmpty
	}
	rd.set.finish()
	return rd.set, nil
}

// reserve guesses the number of lines from the first ones, so that half a
// million numbers are not copied over and over while they are read.
func (rd *reader) reserve(size int64) {
	start, _ := rd.in.Peek(maxLine)
	if !rd.format.numbers || len(start) < maxLine {
		return
	}
	lines := int64(bytes.Count(start, []byte{'\n'})) * size / int64(len(start))
	lines = min(lines+lines/64, maxReserve)
	if rd.format.short {
		rd.set.sirens = make([]uint32, 0, lines)
		return
	}
	rd.set.sirets = make([]uint64, 0, lines)
}

// next returns the next line without its end. The bytes are valid until the next call.
func (rd *reader) next() ([]byte, error) {
	line, err := rd.in.ReadSlice('\n')
	if len(line) == 0 && err != nil {
		return nil, err
	}
	rd.line++
	rd.set.ended = err == nil
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = rd.in.ReadSlice('\n')
		}
		if err == nil || err == io.EOF {
			err = errLong
		}
		return nil, err
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	if !utf8.Valid(line) {
		return nil, fmt.Errorf("line %d: %w", rd.line, errUTF8)
	}
	return bytes.TrimSpace(line), nil
}

// row reads one line into the set.
func (rd *reader) row(line []byte) error {
	if len(line) == 0 || line[0] == '#' {
		rd.said = rd.said || len(line) > 0
		return nil
	}
	rd.rows++
	if rd.number(line) {
		return nil
	}
	if rd.rows == 1 {
		rd.seps = separators(rd.format, line)
	}
	row, err := split(line, rd.seps, rd.format.numbers)
	if errors.Is(err, errOpenQuote) {
		rd.skipQuoted()
	}
	if err != nil {
		return err
	}
	if rd.cols == 0 {
		rd.cols = row.columns
	}
	// A plain list whose values hold commas is no CSV: the first column of one
	// such line would be another, shorter value than the one that was meant.
	if !rd.format.numbers && (row.columns != rd.cols || rd.cols == 1 && bytes.ContainsAny(line[:row.end], ",;\t") && !row.quoted) {
		return errColumns
	}
	return rd.value(row.first)
}

// number takes the usual line, a bare number, without making garbage of it.
func (rd *reader) number(line []byte) bool {
	if !rd.format.numbers || len(line) != 9 && (len(line) != 14 || rd.format.short) || !siret.Valid(string(line)) {
		return false
	}
	n := uint64(0)
	for _, d := range line {
		n = n*10 + uint64(d-'0')
	}
	if len(line) == 14 {
		rd.set.sirets = append(rd.set.sirets, n)
	} else {
		rd.set.sirens = append(rd.set.sirens, uint32(n))
	}
	return true
}

func (rd *reader) value(first []byte) error {
	text := string(bytes.TrimFunc(first, unicode.IsSpace))
	value, err := rd.format.Parse(text)
	heading := rd.rows == 1 && rd.format.Heading != nil && rd.format.Heading(text, rd.cols)
	switch {
	case heading && err == nil:
		rd.set.doubt = new(Set)
		rd.set.doubt.add(rd.format, value)
		rd.set.doubt.finish()
	case heading:
		return nil
	case err == nil:
		rd.set.add(rd.format, value)
	}
	return err
}

// skipQuoted passes over the lines of a quoted column, up to the line on which
// its quote closes: they are no values of their own.
func (rd *reader) skipQuoted() {
	for {
		line, err := rd.in.ReadSlice('\n')
		if err == nil || errors.Is(err, io.EOF) && len(line) > 0 {
			rd.line++
		}
		if bytes.Count(line, []byte{'"'})%2 == 1 || err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}
