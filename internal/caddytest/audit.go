package caddytest

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// AuditFile is the global option that sends events to a file, as the documentation shows.
const AuditFile = `
	log audit {
		include http.handlers.proconnect.audit
		output file {$DIR}/audit.json
	}
`

// Audited returns the events in such a file, of one kind or of all.
func Audited(t testing.TB, file, event string) (lines []LogLine) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for text := range strings.Lines(string(text)) {
		var line LogLine
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if event == "" || line.Text("event") == event {
			lines = append(lines, line)
		}
	}
	return lines
}

// Operations is docs/operations.md.
func Operations(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(t), "docs/operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var documentedEvent = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|.*\\| `(\\{.*\\})` \\|$")

// DocumentedEvents are the example lines of the table in docs/operations.md, by event.
func DocumentedEvents(t testing.TB) map[string]LogLine {
	t.Helper()
	events := make(map[string]LogLine)
	for _, m := range documentedEvent.FindAllStringSubmatch(Operations(t), -1) {
		var line LogLine
		if err := json.Unmarshal([]byte(m[2]), &line); err != nil {
			t.Fatalf("%s: %v", m[1], err)
		}
		if line.Text("event") != m[1] {
			t.Errorf("the example of %s is of %s", m[1], line.Text("event"))
		}
		events[m[1]] = line
	}
	return events
}

// WantDocumented checks that a line has the fields of its event's example, and no others
// but those that are said to be there.
func WantDocumented(t testing.TB, line LogLine, further ...string) {
	t.Helper()
	example := DocumentedEvents(t)[line.Text("event")]
	if example == nil {
		t.Errorf("docs/operations.md has no event %q", line.Text("event"))
		return
	}
	want := slices.Sorted(maps.Keys(example))
	want = slices.Sorted(slices.Values(append(want, further...)))
	if got := slices.Sorted(maps.Keys(line)); !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", line.Text("event"), got, want)
	}
	if line.Text("msg") != line.Text("event") || line.Text("level") != "info" || line.Text("logger") != "http.handlers.proconnect.audit" {
		t.Errorf("got %v", line)
	}
}
