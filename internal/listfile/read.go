package listfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
)

// maxLine bounds one line, in bytes.
const maxLine = 64 << 10

var bom = []byte("\ufeff")

// reader reads one file.
type reader struct {
	format    Format
	in        *bufio.Reader
	line      int
	set       *Set
	fatal     error  // why the file as a whole cannot be trusted
	rows      int    // rows that are neither blank nor comments
	commented bool   // a comment was found: an empty list is meant
	sep       string // what separates columns, as the first row tells
	cells     []cell // the columns of the line that is read
	cols      int    // how many the first good row has
	column    int    // the one that counts, from 0
	names     []bool // which columns the first row names, if it names the one that counts
	nameless  int    // the line of the first row, if it does not name the one that counts
	headings  int    // the line that does, where it is not the first row
}

// read reads a whole list. It fails if the file as a whole cannot be trusted;
// lines with a fault are left out and recorded in the set.
func read(r io.Reader, f Format) (*Set, error) { return newReader(r, f).all() }

func newReader(r io.Reader, f Format) *reader {
	return &reader{format: f, in: bufio.NewReaderSize(r, maxLine), set: new(Set)}
}

func (rd *reader) all() (*Set, error) {
	if err := rd.sniff(); err != nil {
		return nil, err
	}
	if start, _ := rd.in.Peek(len(bom)); bytes.Equal(start, bom) {
		rd.in.Discard(len(bom))
	}
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
		if rd.fatal != nil {
			return nil, fmt.Errorf("line %d: %w", at, rd.fatal)
		}
		if err != nil {
			rd.set.bad.add(at, err)
		}
	}
	switch {
	case rd.set.Len() > 0:
	case !rd.set.Complete():
		return nil, errNone(rd.set.bad)
	case !rd.commented:
		return nil, errEmpty
	}
	rd.set.finish()
	return rd.set, nil
}

// sniff refuses a file that, by its beginning, is a workbook or has the line breaks of
// old Macs.
func (rd *reader) sniff() error {
	start, _ := rd.in.Peek(maxLine)
	switch {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")), bytes.HasPrefix(start, []byte("\xd0\xcf\x11\xe0")):
		return errWorkbook
	case bytes.IndexByte(start, '\n') < 0 && bytes.IndexByte(start, '\r') >= 0:
		return errBreak
	}
	return nil
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
	line = bytes.TrimRight(line, "\r\n")
	if !utf8.Valid(line) {
		return nil, fmt.Errorf("line %d: %w", rd.line, errUTF8)
	}
	return bytes.TrimSpace(line), nil
}

// number reads the usual line, a bare number, without allocating.
func (rd *reader) number(line []byte) bool {
	if !rd.format.numbers || len(line) != 9 && (len(line) != 14 || rd.format.short) || !siret.Valid(string(line)) {
		return false
	}
	if !rd.set.ended {
		rd.set.last = string(line)
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
