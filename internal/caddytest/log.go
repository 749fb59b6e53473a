package caddytest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Logs returns everything that was logged.
func (s *Server) Logs() string {
	b, err := os.ReadFile(filepath.Join(s.Dir, "log.json"))
	if err != nil {
		s.T.Fatal(err)
	}
	return string(b)
}

// Line returns the first line of the log with some text.
func (s *Server) Line(text string) string {
	for line := range strings.Lines(s.Logs()) {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}

// LogLine is a line of Caddy's log.
type LogLine map[string]any

// Text is a field that is a text; empty if there is none.
func (l LogLine) Text(field string) string {
	s, _ := l[field].(string)
	return s
}

// Logged returns the lines above INFO that our modules logged.
func (s *Server) Logged() (lines []LogLine) {
	s.T.Helper()
	for text := range strings.Lines(s.Logs()) {
		var line LogLine
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			s.T.Fatalf("%v: %s", err, text)
		}
		level := line.Text("level")
		if strings.Contains(line.Text("logger"), "proconnect") && (level == "warn" || level == "error") {
			lines = append(lines, line)
		}
	}
	return lines
}

// DocumentedFilter is what users are shown to keep secrets out of logs: the
// snippets at the top of the example.
//
//	(no_secrets) {
//		format filter {
//			request>uri query { replace code REDACTED … }
//			resp_headers>Location query { … }
func DocumentedFilter(t testing.TB) string {
	t.Helper()
	example, err := os.ReadFile(filepath.Join(Root(t), "example.Caddyfile"))
	if err != nil {
		t.Fatal(err)
	}
	snippets, _, ok := strings.Cut(string(example), "\n{\n")
	if !ok || !strings.Contains(snippets, "(no_secrets)") {
		t.Fatal("example.Caddyfile shows no filter (no_secrets) before its global options")
	}
	return snippets
}
