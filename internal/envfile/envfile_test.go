package envfile

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The file is read as `caddy run --envfile` reads it: a command that read it otherwise
// would check another configuration than the one that runs.
func TestParse(t *testing.T) {
	text := strings.Join([]string{
		"# a comment", "", "ID=an-id", "export SECRET=a=b", "COMMENTED=one # two", `QUOTED="with spaces"`,
		`LINES='first`, `second'`, "ID=another", "EMPTY=",
	}, "\n")
	got, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"ID": "another", "SECRET": "a=b", "COMMENTED": "one", "QUOTED": "with spaces", "LINES": "first\nsecond", "EMPTY": "",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A line with a fault is named, and its value is not: it may be a secret.
func TestParseFaults(t *testing.T) {
	for _, line := range []string{"sesame", "=sesame", "A NAME=sesame", "NAME= sesame"} {
		_, err := Parse(strings.NewReader("OK=1\n" + line))
		if err == nil || !strings.HasPrefix(err.Error(), "line 2: ") || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%q: got %v", line, err)
		}
	}
}

// What the process was given counts more than the file.
func TestLoadOverwritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(path, []byte("ENVFILE_TEST=file\nENVFILE_TEST_OTHER=file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ENVFILE_TEST", "process")
	t.Setenv("ENVFILE_TEST_OTHER", "")
	os.Unsetenv("ENVFILE_TEST_OTHER")
	if err := Load(path); err != nil {
		t.Fatal(err)
	}
	if got := os.Getenv("ENVFILE_TEST") + " " + os.Getenv("ENVFILE_TEST_OTHER"); got != "process file" {
		t.Errorf("got %s", got)
	}
}
