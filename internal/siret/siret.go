// Package siret knows the numbers of French organisations: the SIRET, fourteen
// digits for an establishment, whose first nine are the SIREN of its
// organisation. They are text: leading zeros count.
package siret

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// laPoste is the SIREN whose establishments outgrew the Luhn checksum: their
// digits add up to a multiple of five instead.
const laPoste = "356000000"

// Strip removes the white space that people and spreadsheets put between groups of
// digits, no-break, narrow and zero-width spaces included.
func Strip(s string) string {
	if !strings.ContainsFunc(s, isSpace) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if isSpace(r) {
			return -1
		}
		return r
	}, s)
}

func isSpace(r rune) bool {
	switch r {
	case '\u200b', '\u2060', '\ufeff':
		return true
	}
	return unicode.IsSpace(r)
}

// IsSIRET says whether s is fourteen digits.
func IsSIRET(s string) bool { return len(s) == 14 && digits(s) }

// IsSIREN says whether s is nine digits.
func IsSIREN(s string) bool { return len(s) == 9 && digits(s) }

// LostZero says whether s has one digit less than a SIRET or a SIREN: a spreadsheet
// that takes it for a number drops a leading zero.
func LostZero(s string) bool { return (len(s) == 13 || len(s) == 8) && digits(s) }

// Valid says whether s is a SIRET or a SIREN whose checksum holds.
func Valid(s string) bool {
	switch {
	case IsSIREN(s):
		return luhn(s)
	case IsSIRET(s):
		return luhn(s) || s[:9] == laPoste && digitSum(s)%5 == 0
	}
	return false
}

// Check says what is wrong with a number that people typed or that a
// spreadsheet spoiled; it returns nil for a valid SIRET or SIREN. The error does
// not repeat the number.
func Check(s string) error {
	switch {
	case Valid(s):
		return nil
	case s == "":
		return errors.New("empty")
	case !digits(s):
		return errors.New("not a number: digits and spaces only")
	case len(s) == 1:
		return errors.New("1 digit, want 14 (SIRET) or 9 (SIREN)")
	case len(s) == 13, len(s) == 8:
		return fmt.Errorf("%d digits, want %d: a leading zero lost in a spreadsheet?", len(s), len(s)+1)
	case len(s) != 14 && len(s) != 9:
		return fmt.Errorf("%d digits, want 14 (SIRET) or 9 (SIREN)", len(s))
	}
	return errors.New("the checksum fails: a digit is mistyped")
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// luhn is ISO/IEC 7812-1 annex B.
func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func digitSum(s string) int {
	sum := 0
	for i := range len(s) {
		sum += int(s[i] - '0')
	}
	return sum
}
