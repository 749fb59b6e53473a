// Package envfile reads the files that `--envfile` names, as Caddy's own commands do,
// which keep their reader to themselves.
package envfile

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

// Load sets the variables of a file. One that is set already stays as it is.
func Load(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	variables, err := Parse(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for name, value := range variables {
		if _, set := os.LookupEnv(name); set {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("%s: %s: %w", path, name, err)
		}
	}
	return nil
}

// Parse reads lines of the form NAME=value. The last line of a name counts.
func Parse(r io.Reader) (map[string]string, error) {
	p := &parser{lines: bufio.NewScanner(r), variables: make(map[string]string)}
	for p.next() {
		line := strings.TrimSpace(p.lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := p.variable(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.number, err)
		}
	}
	return p.variables, p.lines.Err()
}

type parser struct {
	lines     *bufio.Scanner
	number    int
	variables map[string]string
}

func (p *parser) next() bool {
	p.number++
	return p.lines.Scan()
}

// variable reads a line, and those after it that its quotes take in. What is wrong with
// it is told without the value, which may be a secret.
func (p *parser) variable(line string) error {
	name, value, ok := strings.Cut(line, "=")
	name = strings.TrimPrefix(name, "export ")
	switch {
	case !ok:
		return fmt.Errorf("want NAME=value")
	case name == "":
		return fmt.Errorf("the name of the variable is missing")
	case strings.Contains(name, " "):
		return fmt.Errorf("the name of the variable has a space in it")
	case strings.HasPrefix(value, " ") || strings.HasPrefix(value, "\t"):
		return fmt.Errorf("%s: a space in front of the value: remove it, or put quotes around the value", name)
	}
	if before, _, comment := strings.Cut(value, "#"); comment {
		value = strings.TrimRight(before, " \t")
	}
	if quote := value; quote != "" && (quote[0] == '"' || quote[0] == '\'') {
		value = p.quoted(line, value, quote[:1])
	}
	p.variables[name] = value
	return nil
}

// quoted reads a value up to the line that ends with its quote.
func (p *parser) quoted(line, value, quote string) string {
	for !strings.HasSuffix(line, quote) || strings.HasSuffix(line, `\`+quote) {
		value = strings.ReplaceAll(value, `\`+quote, quote)
		if !p.next() {
			break
		}
		line = strings.ReplaceAll(p.lines.Text(), `\`+quote, quote)
		value += "\n" + line
	}
	return strings.TrimSuffix(strings.TrimPrefix(value, quote), quote)
}
