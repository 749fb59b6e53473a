package listfile

import (
	"fmt"
	"strings"
)

// maxBad is how many lines with a fault are told one by one.
const maxBad = 10

// BadLine is a line that was left out.
type BadLine struct {
	Line int // from 1
	What string
}

// BadLines are the lines that were left out of a list: the first ten, and how many there are.
type BadLines struct {
	First []BadLine
	Total int
}

func (b *BadLines) add(line int, what error) {
	b.Total++
	if len(b.First) < maxBad {
		b.First = append(b.First, BadLine{line, what.Error()})
	}
}

// String tells the lines in one line.
func (b BadLines) String() string {
	var s strings.Builder
	for i, l := range b.First {
		if i > 0 {
			s.WriteString("; ")
		}
		fmt.Fprintf(&s, "line %d: %s", l.Line, l.What)
	}
	if more := b.Total - len(b.First); more > 0 {
		fmt.Fprintf(&s, "; and %d more", more)
	}
	return s.String()
}
