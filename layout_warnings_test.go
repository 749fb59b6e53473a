package proconnect_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// warningsOf validates a configuration and returns what was told of its routes, each
// with its site in front.
func warningsOf(t *testing.T, config []byte) (warnings []string, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log.json")
	var fields map[string]any
	if err := json.Unmarshal(config, &fields); err != nil {
		t.Fatal(err)
	}
	fields["admin"] = map[string]any{"disabled": true}
	fields["storage"] = map[string]any{"module": "file_system", "root": t.TempDir()}
	fields["logging"] = map[string]any{"logs": map[string]any{"default": map[string]any{
		"writer": map[string]any{"output": "file", "filename": file}, "encoder": map[string]any{"format": "json"},
	}}}
	patched, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	c := new(caddy.Config)
	if err := caddy.StrictUnmarshalJSON(patched, c); err != nil {
		t.Fatal(err)
	}
	failure := caddy.Validate(c)
	log, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(log)) {
		var entry struct{ Level, Logger, Msg, Site string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		if entry.Level == "warn" && entry.Logger == "proconnect" && entry.Site != "" {
			warnings = append(warnings, entry.Site+": "+entry.Msg)
		}
	}
	return warnings, failure
}

// What is not wrong for certain, and most likely not meant, is told when the
// configuration loads, with what to write instead; what is meant is not.
//
// The case: "the matcher used to refuse: `respond @ext 403`, `error @out 403`, where an
// absent claim matches neither way and so passes".
func TestLayoutWarnings(t *testing.T) {
	const (
		refusal   = "` refuses people by a proconnect matcher: if ProConnect does not tell the claim, neither the matcher nor its negation matches, and the person passes: write the condition as a `deny` of the gate"
		basicAuth = "`basic_auth` on a gated route writes the placeholder {http.auth.user.id} too, and the access log's user_id: take {http.auth.user.sub} for the person whom ProConnect names"
		gate      = "proconnect {\nallow any\n}\n"
		password  = "{\nbob $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG\n}\n"
		errorless = "`errors caddy` gives refusals and errors to handle_errors, which this site does not have: people would get an empty answer: add handle_errors, or remove `errors caddy`"
		partly    = "the proconnect matcher on siren is tried where a gate has run on some requests alone: the others are refused with an error: put it behind `proconnect`, in a `handle`, `route`, `respond`, `reverse_proxy` or `file_server` (outside of a `route`, `header`, `redir`, `log_skip` and `vars` run before `proconnect`)"
		beside    = " is reached without a proconnect gate, so our cookies reach it: put the gate outside of `handle` and `route`, with the matcher on the directive, as in proconnect /admin/* { … }"
	)
	for name, c := range map[string]struct {
		site string
		want []string
	}{
		"a refusal":                             {gate + "@out proconnect belonging_population prestataire\nrespond @out 403", []string{"`respond 403" + refusal}},
		"a refusal with text":                   {gate + "@out not proconnect siren 130025265\nrespond @out \"no\" 404", []string{"`respond 404" + refusal}},
		"a refusal by an error":                 {gate + "@out not proconnect siren 130025265\nerror @out 403", []string{"`error" + refusal}},
		"a refusal by hanging up":               {gate + "@out not proconnect siren 130025265\nabort @out", []string{"`abort" + refusal}},
		"a refusal in a handle":                 {gate + "@out not proconnect siren 130025265\nhandle @out {\nrespond 403\n}\nfile_server", []string{"`respond 403" + refusal}},
		"a refusal of a path":                   {gate + "@out {\npath /admin/*\nnot proconnect siren 130025265\n}\nrespond @out 403\nfile_server", []string{strings.Replace("`respond 403"+refusal, "` refuses", "` at /admin/* refuses", 1)}},
		"a refusal in a named route":            {"invoke refusing", []string{"`respond 403" + refusal}},
		"control: an answer to some":            {gate + "@hr proconnect siren 130025265\nrespond @hr hello\nfile_server", nil},
		"control: everybody else":               {gate + "@hr proconnect siren 130025265\nhandle @hr {\nfile_server\n}\nhandle {\nrespond 403\n}", nil},
		"control: a path of those who match":    {gate + "@hr proconnect siren 130025265\nhandle @hr {\nrespond /.git/* 404\nfile_server\n}", nil},
		"control: a path alone":                 {gate + "respond /.git/* 404\nfile_server", nil},
		"basic_auth":                            {gate + "basic_auth " + password + "file_server", []string{basicAuth}},
		"basic_auth at a path":                  {gate + "basic_auth /admin/* " + password + "file_server", []string{basicAuth}},
		"basic_auth first":                      {"route {\nbasic_auth " + password + gate + "file_server\n}", []string{basicAuth}},
		"control: basic_auth for programs":      {"@people not path /api/*\nproconnect @people {\nallow any\n}\nbasic_auth /api/* " + password + "file_server", nil},
		"basic_auth for more than the programs": {"@people not path /api/*\nproconnect @people {\nallow any\n}\nbasic_auth /a* " + password + "file_server", []string{basicAuth}},
		"control: basic_auth beside the gate":   {"handle /api/* {\nbasic_auth " + password + "file_server\n}\nhandle {\n" + gate + "file_server\n}", nil},
		"errors caddy":                          {"proconnect {\nallow any\nerrors caddy\n}\nfile_server", []string{errorless}},
		"control: errors caddy":                 {"proconnect {\nallow any\nerrors caddy\n}\nfile_server\nhandle_errors {\nrespond sorry\n}", nil},
		"a matcher where the gate is not":       {"handle /admin/* {\n" + gate + "}\n@hr proconnect siren 130025265\nrespond @hr hello\nfile_server", []string{partly}},
		"control: a matcher with the gate":      {"handle /admin/* {\n" + gate + "@hr proconnect siren 130025265\nrespond @hr hello\n}\nfile_server", nil},
		"control: in the one or the other gate": {"handle /admin/* {\n" + gate + "}\nhandle {\n" + gate + "}\n@hr proconnect siren 130025265\nroute {\nrespond @hr hello\n}\nfile_server", nil},
		"control: a matcher in handle_errors":   {gate + "file_server\nhandle_errors {\n@hr proconnect siren 130025265\nrespond @hr hello\n}", nil},
		"a proxy beside the gate":               {"handle /admin/* {\n" + gate + "}\nreverse_proxy localhost:3000", []string{"reverse_proxy" + beside}},
		"another proxy beside the gate":         {"handle /x/* {\nreverse_proxy localhost:3000\n}\nhandle {\n" + gate + "reverse_proxy localhost:3000\n}", []string{"reverse_proxy at /x/*" + beside}},
		"control: a proxy behind the gate":      {"proconnect /admin/* {\nallow any\n}\nreverse_proxy localhost:3000", nil},
		"control: files beside the gate":        {"handle /admin/* {\n" + gate + "reverse_proxy localhost:3000\n}\nfile_server", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := warningsOf(t, sandboxSite(t, c.site))
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, text := range c.want {
				want = append(want, "localhost: "+text)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s\n got %q\nwant %q", c.site, got, want)
			}
		})
	}
}

// sandboxSite is the configuration of one site, beside a snippet and named routes.
func sandboxSite(t *testing.T, site string) []byte {
	t.Helper()
	config, err := adapt("{\nproconnect {\nenvironment sandbox\n}\n}\n" +
		"&(refusing) {\nproconnect {\nallow any\n}\n@out proconnect siren 130025265\nrespond @out 403\n}\nhttp://localhost {\n" + site + "\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// `origin` says one name, and a wildcard site has many.
func TestLayoutWarnsOfOriginOnAWildcard(t *testing.T) {
	for site, want := range map[string]int{"http://*.localhost": 1, "http://a.localhost, http://*.b.localhost": 1, "http://a.localhost": 0, "http://:8080": 0} {
		config, err := adapt("{\nproconnect {\nenvironment sandbox\n}\n}\n" + site + " {\nproconnect {\nallow any\norigin http://a.localhost\n}\nfile_server\n}\n")
		if err != nil {
			t.Fatal(err)
		}
		got, err := warningsOf(t, config)
		if err != nil || len(got) != want || want > 0 && !strings.Contains(got[0], "`origin http://a.localhost` on a site that answers *.") {
			t.Errorf("%s: got %q, %v", site, got, err)
		}
	}
}

// A configuration without a gate loads, whatever matchers it has.
func TestLayoutWithoutGateLoads(t *testing.T) {
	got, err := warningsOf(t, sandboxSite(t, "@hr proconnect siren 130025265\nrespond @hr hello\nfile_server"))
	if err != nil || len(got) != 1 || !strings.Contains(got[0], "the proconnect matcher on siren is tried where no gate has run") {
		t.Errorf("got %q, %v", got, err)
	}
	got, err = warningsOf(t, sandboxSite(t, "file_server"))
	if err != nil || len(got) != 0 {
		t.Errorf("got %q, %v", got, err)
	}
}

// What the documentation shows draws no warning.
func TestDocsDrawNoLayoutWarnings(t *testing.T) {
	texts := []string{readFile(t, "example.Caddyfile")}
	for _, name := range pages(t) {
		for _, b := range blocks(readFile(t, name)) {
			texts = append(texts, b.whole())
		}
	}
	for _, text := range texts {
		config, err := adapt(docsEnvironment(t, text))
		if err != nil {
			t.Fatal(err)
		}
		warnings, err := warningsOf(t, config)
		warnings = slices.DeleteFunc(warnings, func(w string) bool { // a recipe of basic_auth that does what it asks for
			return strings.Contains(w, "`basic_auth` on a gated route") && strings.Contains(text, "{http.auth.user.sub}")
		})
		if err != nil || len(warnings) > 0 {
			t.Errorf("%s\n%q, %v", text, warnings, err)
		}
	}
}
