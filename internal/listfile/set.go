package listfile

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

const fewTexts = 8

// Set is the values of a list. It never changes once made, so any number of
// requests may read it.
type Set struct {
	sirets []uint64 // sorted: a search in a sorted array needs no memory beyond the numbers
	sirens []uint32
	texts  map[string]struct{}
	few    []string // the texts, if they are so few that comparing beats hashing
	globs  []string
	bad    BadLines
	doubt  *Set   // a first row that was taken for a heading, and may be a value
	column int    // of a table, the one that counts, from 0
	ended  bool   // the last line has an end
	last   string // the value that was read last
}

// Of makes a set of values that are known already.
func Of(f Format, values []string) (*Set, error) {
	s := new(Set)
	for _, v := range values {
		parsed, err := f.Parse(v)
		if err != nil {
			return nil, err
		}
		s.add(f, parsed)
	}
	s.finish()
	return s, nil
}

func (s *Set) add(f Format, value string) {
	switch {
	case f.numbers && len(value) == 14:
		n, _ := strconv.ParseUint(value, 10, 64)
		s.sirets = append(s.sirets, n)
	case f.numbers:
		n, _ := strconv.ParseUint(value, 10, 32)
		s.sirens = append(s.sirens, uint32(n))
	case strings.Contains(value, "*"):
		if !slices.Contains(s.globs, value) {
			s.globs = append(s.globs, value)
		}
	default:
		if s.texts == nil {
			s.texts = make(map[string]struct{})
		}
		s.texts[value] = struct{}{}
	}
}

// cuts says whether the last value is the beginning of one in an older set, and
// was not in it itself: half a SIRET is a SIREN, which stands for more.
func (s *Set) cuts(old *Set) bool {
	if s.ended || s.last == "" || old.HasText(s.last) {
		return false
	}
	if n, ok := number(s.last, 9); ok && len(old.sirets) > 0 {
		i, _ := slices.BinarySearch(old.sirets, n*100_000)
		return !old.HasSIREN(s.last) && i < len(old.sirets) && old.sirets[i]/100_000 == n
	}
	for text := range old.texts {
		if strings.HasPrefix(text, s.last) {
			return true
		}
	}
	return slices.ContainsFunc(old.globs, func(g string) bool { return g != s.last && strings.HasPrefix(g, s.last) })
}

// finish sorts the numbers and gives back the room that appending left.
func (s *Set) finish() {
	slices.Sort(s.sirets)
	s.sirets = slices.Clone(slices.Compact(s.sirets))
	slices.Sort(s.sirens)
	s.sirens = slices.Clone(slices.Compact(s.sirens))
	if len(s.texts) <= fewTexts {
		s.few = slices.Sorted(maps.Keys(s.texts))
	}
}

// HasSIRET says whether a SIRET, fourteen digits, is in the set by itself or
// through its SIREN.
func (s *Set) HasSIRET(value string) bool {
	n, ok := number(value, 14)
	if !ok {
		return false
	}
	if _, ok := slices.BinarySearch(s.sirets, n); ok {
		return true
	}
	_, ok = slices.BinarySearch(s.sirens, uint32(n/100_000))
	return ok
}

// HasSIREN says whether a SIREN, nine digits, is in the set.
func (s *Set) HasSIREN(value string) bool {
	n, ok := number(value, 9)
	if !ok {
		return false
	}
	_, ok = slices.BinarySearch(s.sirens, uint32(n))
	return ok
}

// number reads so many digits.
func number(value string, digits int) (n uint64, ok bool) {
	if len(value) != digits {
		return 0, false
	}
	for i := range len(value) {
		d := value[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	return n, true
}

// HasText says whether a value, in the form that Format.Parse returns, is in the
// set. Patterns are not tried.
func (s *Set) HasText(value string) bool {
	if len(s.texts) > fewTexts {
		_, ok := s.texts[value]
		return ok
	}
	return slices.Contains(s.few, value)
}

// usualText is the length up to which comparing a text needs no memory.
const usualText = 128

// HasFold is HasText for a value whose ASCII capitals are not folded yet.
func (s *Set) HasFold(value string) bool {
	if len(s.texts) > fewTexts {
		var buf [usualText]byte
		_, ok := s.texts[string(AppendFold(buf[:0], value))]
		return ok
	}
	for _, text := range s.few {
		if len(text) == len(value) && equalFold(text, value) {
			return true
		}
	}
	return false
}

// equalFold compares a folded text with one of the same length that is not.
func equalFold(folded, value string) bool {
	for i := range len(value) {
		if folded[i] != Lower(value[i]) {
			return false
		}
	}
	return true
}

// AppendFold appends s with its ASCII capitals made small. Folding more would make
// letters alike that no system treats alike (the long s is no s).
func AppendFold(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, Lower(s[i]))
	}
	return b
}

// Lower makes an ASCII capital small.
func Lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// Globs returns the values that hold a *.
func (s *Set) Globs() []string { return s.globs }

// Doubt is a set of the one value that the first row would be if it were not a
// heading; nil if it could be none.
func (s *Set) Doubt() *Set { return s.doubt }

// Column is the column of a table that counts, from 1.
func (s *Set) Column() int { return s.column + 1 }

// Complete says whether every line of the file was understood. What an
// incomplete set does not hold may be on a line that was skipped.
func (s *Set) Complete() bool { return s.bad.Total == 0 }

// Len counts the distinct values.
func (s *Set) Len() int { return len(s.sirets) + len(s.sirens) + len(s.texts) + len(s.globs) }
