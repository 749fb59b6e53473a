package listfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
)

// Faults of a whole file.
var (
	errEmpty    = errors.New("empty: a file that was cut short looks like this; write a # comment to mean nobody")
	errUTF8     = errors.New("not UTF-8 (saved as Windows-1252 or UTF-16?): save it as CSV UTF-8")
	errWorkbook = errors.New("a spreadsheet's own file (xlsx, xls or ods), not text: export the sheet as CSV UTF-8")
	errBinary   = errors.New("not text (UTF-16, or a program's own format?): save it as CSV UTF-8")
	errBreak    = errors.New(`a line break that is none everywhere (saved as "CSV (Macintosh)"?): save it as CSV UTF-8, whose lines end in LF or CRLF`)
)

// Faults of a line.
var (
	errLongSIREN  = errors.New("a SIRET (14 digits) in a list of SIRENs: keep its first nine digits, or say siret from")
	errLong       = errors.New("longer than 64 kB")
	errOpenQuote  = errors.New("a quoted column runs over the end of the line: export the column that counts alone")
	errTail       = errors.New("text after the closing quote")
	errHash       = errors.New("a # inside the value: put quotes around the value, or a space after the # of a comment")
	errColumns    = errors.New("another number of columns than the first line: put quotes around a value that holds a comma or semicolon")
	errScientific = errors.New("in scientific notation, as a spreadsheet shows a long number (1,3E+13): digits are lost; format the column as text, enter the number again, and export")
	errZero       = errors.New("put it back; in the spreadsheet, format the column as text first")
	errCut        = errors.New("the last line has no end, and begins one that was there before: was the file cut short? end it with a line break")
	errBefore     = errors.New("a SIREN comes before a SIRET: name the columns in the first row (siren;siret), or export the column that counts alone")
)

// errFurther is a line with more values than the one that would be taken: the
// others would be lost without a word.
func errFurther(column int, claim string) error {
	return fmt.Errorf("another value in column %d: write one a line, and put quotes around one that holds a comma or semicolon; of a table, the first row must name the column that counts: %s", column, claim)
}

// errElsewhere is a line whose value is in a column that does not count.
func errElsewhere(column, counts int, claim string) error {
	return fmt.Errorf("the value is in column %d, but column %d counts: move it there, or name its column in the first row: %s", column, counts, claim)
}

// errMissing is a row that tells other things than the value.
func errMissing(counts int, claim string) error {
	return fmt.Errorf("no %s in this row: column %d is empty: fill it in, or delete the row", claim, counts)
}

// errLate is a row of headings that is not the first row.
func errLate(first int, claim string) error {
	return fmt.Errorf("the headings of the columns, but line %d is the first row and names no column %s: the headings must be the first row: delete the rows above them", first, claim)
}

// errUnderLate is a line whose column such headings name.
func errUnderLate(column, counts, headings int) error {
	return fmt.Errorf("a value is in column %d, but column %d counts: the headings of line %d must be the first row", column, counts, headings)
}

// errTwoColumns is a table in which it cannot be told which column is meant.
func errTwoColumns(claim string) error {
	return fmt.Errorf("several columns are named like %s: name one of them %s, and the others otherwise", claim, claim)
}

// errOtherKind is a table of something else than what the rule compares.
func errOtherKind(name, claim string) error {
	return fmt.Errorf("its first column is named %s, and the rule compares %s: say %s from, or name the column that counts in the first row: %s", name, claim, name, claim)
}

// errNone is a file in which no line is good.
func errNone(bad BadLines) error { return fmt.Errorf("no line of it is good: %s", bad) }

// Reason says why a file cannot be read. It drops the path that errors of the file
// system repeat, and names the user who may not read the file.
func Reason(err error) error {
	path, ok := errors.AsType[*fs.PathError](err)
	switch {
	case !ok:
		return err
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w for %s, as which Caddy runs: let this user read the file and enter the directories above it", path.Err, runsAs())
	}
	return path.Err
}

// runsAs names the user of the process.
func runsAs() string {
	uid := strconv.Itoa(os.Geteuid())
	if u, err := user.LookupId(uid); err == nil {
		return fmt.Sprintf("the user %s (uid %s)", u.Username, uid)
	}
	if u, err := user.Current(); err == nil && os.Geteuid() < 0 { // Windows has no such number
		return "the user " + u.Username
	}
	return "the user with uid " + uid
}
