package commands

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// everyFinding has much to find, and loads.
const everyFinding = `{
	proconnect {
		environment production-rie
		client_id {env.PROCONNECT_CLIENT_ID}
		client_secret written-out-secret
		claims chorusdt:matricule
	}
	proconnect rehearsal {
		environment sandbox
	}
}

http://docs.example.gouv.fr {
	proconnect {
		allow roles agent_public_etat
		allow email *@example.gouv.fr
		deny siret from {$DIR}/bad.txt
		mfa
		errors caddy
		idp_hint short
		report {
			allow uid one
		}
	}
	@dinum proconnect siren 130025265
	respond @dinum 403
	reverse_proxy localhost:3000
}
`

// agreeing are the configurations of which check is compared with Caddy itself: the golden
// ones, and one with much to find.
func agreeing(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/check/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	configs := map[string]string{"every finding": everyFinding}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		configs[strings.TrimSuffix(filepath.Base(file), ".txt")], _, _ = strings.Cut(string(text), rule)
	}
	return configs
}

// findings are what check --json tells.
type findings struct {
	Loads    bool
	Findings []struct {
		Level, Text string
		Details     map[string]string
	}
}

func findingsOf(t *testing.T, s *shell) (f findings) {
	t.Helper()
	a := s.proconnect("check", "--json")
	if err := json.Unmarshal([]byte(a.out), &f); err != nil {
		t.Fatalf("%v\n%s%s", err, a.out, a.err)
	}
	return f
}

// texts are those of a level, sorted.
func (f findings) texts(level string) (texts []string) {
	for _, found := range f.Findings {
		if found.Level == level {
			texts = append(texts, found.Text)
		}
	}
	slices.Sort(texts)
	return texts
}

// logTexts are the messages of a level that the plugin logged, sorted.
func logTexts(lines []caddytest.LogLine, level string) (texts []string) {
	for _, line := range lines {
		if strings.Contains(line.Text("logger"), "proconnect") && line.Text("level") == level {
			texts = append(texts, line.Text("msg"))
		}
	}
	slices.Sort(texts)
	return texts
}

// parsed are the lines of a log that are JSON.
func parsed(log string) (lines []caddytest.LogLine) {
	for text := range strings.Lines(log) {
		var line caddytest.LogLine
		if json.Unmarshal([]byte(text), &line) == nil {
			lines = append(lines, line)
		}
	}
	return lines
}

// lastError is why Caddy gave up: the last line that it logged.
func lastError(lines []caddytest.LogLine) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1].Text("msg")
}

// Whoever checks in a pipeline must learn of all that the log of production will say: the
// warnings and errors of validate are the findings of check, word for word. Where a
// configuration does not load, the error of validate is one of them; check goes on and
// finds those of the other sites.
func TestCheckSaysWhatValidateSays(t *testing.T) {
	for name, config := range agreeing(t) {
		t.Run(name, func(t *testing.T) {
			s := checked(t, config)
			validated, found := s.caddy("validate"), findingsOf(t, s)
			if loads := validated.code == 0; loads != found.Loads {
				t.Fatalf("validate loads it: %t, check: %t\n%s", loads, found.Loads, validated.err)
			}
			lines := parsed(validated.err)
			if got, want := found.texts("warning"), logTexts(lines, "warn"); !slices.Equal(got, want) {
				t.Errorf("check warns of\n%q\nvalidate of\n%q", got, want)
			}
			got, logged := found.texts("error"), logTexts(lines, "error")
			if found.Loads && !slices.Equal(got, logged) {
				t.Errorf("check finds the errors\n%q\nvalidate\n%q", got, logged)
			}
			why := lastError(lines)
			if !found.Loads && !slices.ContainsFunc(got, func(text string) bool { return strings.Contains(why, text) }) {
				t.Errorf("check finds\n%q\nand not why validate does not load it:\n%s", got, why)
			}
		})
	}
}

// What Caddy logs when it starts is the same, but for what is not of the configuration.
func TestCheckSaysWhatTheStartSays(t *testing.T) {
	for name, config := range agreeing(t) {
		t.Run(name, func(t *testing.T) {
			s := checked(t, config)
			found := findingsOf(t, s)
			if !found.Loads {
				t.Skip("it does not start") // TestCheckSaysWhatValidateSays has its error
			}
			for _, variable := range s.env {
				if key, value, _ := strings.Cut(variable, "="); strings.HasSuffix(key, "_ID") || strings.HasSuffix(key, "_SECRET") || key == "DIR" {
					t.Setenv(key, value)
				}
			}
			t.Chdir("../..") // the example's site is there
			started := startOf(t, config)
			for ours, caddys := range map[string]string{"warning": "warn", "error": "error"} {
				if got, want := found.texts(ours), logTexts(started.Logged(), caddys); !slices.Equal(got, want) {
					t.Errorf("check finds the %ss\n%q\nthe log of the start has\n%q", ours, got, want)
				}
			}
		})
	}
}

// startOf starts Caddy with a configuration, whose ports are exchanged for free ones.
func startOf(t *testing.T, config string) *caddytest.Server {
	t.Helper()
	config = strings.NewReplacer("admin off", "", "http://localhost:8080 {", "http://localhost:{$PORT} {", "http://:8080 {", "http://:{$PORT} {",
		"\n:443 {", "\n:{$TLS_PORT} {", "{$DIR}/bad.txt", os.Getenv("DIR")+"/bad.txt", "{$DIR}/good.txt", os.Getenv("DIR")+"/good.txt").Replace(config)
	global, sites := "", config
	if head, rest, has := strings.Cut("\n"+config, "\n{\n"); has {
		global, sites, _ = strings.Cut(rest, "\n}\n")
		sites = head + "\n" + sites
	}
	return caddytest.Start(t, "local_certs\n"+strings.Replace(global, "log {\n\t\timport no_secrets\n\t}", "", 1), sites)
}
