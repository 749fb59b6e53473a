package commands

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// A key of the command is one that the option takes, and no two are the same.
func TestSecretMakesAKey(t *testing.T) {
	s := newShell(t)
	one, two := s.proconnect("secret").want(t, 0), s.proconnect("secret", "--json").want(t, 0)
	var document struct{ Secret string }
	if err := json.Unmarshal([]byte(two.out), &document); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{strings.TrimSuffix(one.out, "\n"), document.Secret} {
		if _, err := seal.ParseSecret(key); err != nil {
			t.Errorf("%q: %v", key, err)
		}
	}
	if strings.Contains(one.out, document.Secret) {
		t.Error("the same key twice")
	}
}

// What a command does not know is an error, with what it does know: a typing error must
// not look like an answer, least of all to a script.
func TestUnknownWordsAreErrors(t *testing.T) {
	s := newShell(t)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a command": {[]string{"scret"}, "did you mean secret?"},
		"a flag":    {[]string{"secret", "--jason"}, "unknown flag: --jason"},
		"a word":    {[]string{"secret", "json"}, `unexpected argument "json"`},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.proconnect(c.args...).want(t, 2)
			if a.out != "" || !strings.Contains(a.err, c.want) {
				t.Errorf("printed %q and %q, want %q", a.out, a.err, c.want)
			}
		})
	}
}

// Help fits a terminal, shows an example that has nothing that the command does not know,
// and says what the exit codes mean.
func TestHelpTeaches(t *testing.T) {
	s := newShell(t)
	help := s.proconnect().want(t, 0).out
	if !strings.Contains(help, "exits with 0") {
		t.Error("the exit codes are not explained")
	}
	for _, c := range completed(s, "") {
		own := s.proconnect(c, "--help").want(t, 0).out
		teaches(t, c, own)
		help += own
	}
	for line := range strings.Lines(help) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

var (
	flagOfExample = regexp.MustCompile(` (--?[a-z-]+)`)
	otherProgram  = regexp.MustCompile(`(?ms)sudo.*|^ *(echo|tail) [^|\n]*\|`)
)

// teaches checks the help of one command.
func teaches(t *testing.T, command, help string) {
	t.Helper()
	_, examples, _ := strings.Cut(help, "\nExamples:\n")
	examples, _, _ = strings.Cut(examples, "\n\n")
	if !strings.Contains(examples, "caddy proconnect "+command) {
		t.Errorf("%s: no example", command)
	}
	if text := strings.Join(strings.Fields(help), " "); !strings.Contains(text, "It exits with 0") || command != "secret" && !strings.Contains(text, "with 2 if") {
		t.Errorf("%s: the exit codes are not explained", command)
	}
	_, flags, _ := strings.Cut(help, "\nFlags:\n")
	for _, flag := range flagOfExample.FindAllStringSubmatch(otherProgram.ReplaceAllString(examples, ""), -1) {
		if !strings.Contains(flags, " "+flag[1]+" ") && !strings.Contains(flags, " "+flag[1]+", ") {
			t.Errorf("%s: the example has %s, which is no flag", command, flag[1])
		}
	}
}

// Caddy's shell completion knows the commands.
func TestCompletion(t *testing.T) {
	s := newShell(t)
	if got := completed(s, "se"); len(got) != 1 || got[0] != "secret" {
		t.Errorf("se completes to %q", got)
	}
}

// completed is what the shell offers behind `caddy proconnect `.
func completed(s *shell, word string) (words []string) {
	s.t.Helper()
	for line := range strings.Lines(s.caddy("__complete", "proconnect", word).want(s.t, 0).out) {
		if name, _, ok := strings.Cut(line, "\t"); ok {
			words = append(words, name)
		}
	}
	return words
}
