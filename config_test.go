package proconnect_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestConfigErrors pins every text that a person who configures a gate can meet.
// testdata/config-errors holds, between lines of dashes, Caddyfiles and the error.
// What stands behind "when it loads" is found by `caddy validate`, the rest by
// `caddy adapt` already.
//
// The case: "a gate behind a handler that answers (`file_server`, `reverse_proxy`,
// `respond`, `php_fastcgi`) in one `route`; a gate only in `handle_errors`".
func TestConfigErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/config-errors/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { testConfigErrors(t, path) })
	}
}

func testConfigErrors(t *testing.T, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for entry := range strings.SplitSeq(string(text), dashes) {
		config, want, _ := strings.Cut(entry, "=> ")
		want = strings.TrimSpace(want)
		t.Run(want, func(t *testing.T) {
			dir := surroundings(t)
			err := strings.ReplaceAll(configError(t, strings.ReplaceAll(config, "DIR", dir)), dir, "DIR")
			got = append(got, config+"=> "+err+"\n")
			if err != want && !*update {
				t.Errorf("%s\n got %s\nwant %s", config, err, want)
			}
		})
	}
	if *update {
		if err := os.WriteFile(path, []byte(strings.Join(got, dashes)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// configError is what is wrong with a Caddyfile.
func configError(t *testing.T, text string) string {
	t.Helper()
	config, err := adapt(text)
	if err != nil {
		return strings.TrimPrefix(err.Error(), "parsing caddyfile tokens for 'proconnect': ")
	}
	if err := validate(t, config); err != nil {
		return "when it loads: " + ours(err.Error())
	}
	return "no error"
}

// ours drops from an error the way through Caddy's modules that led to ours. It
// differs, because Caddy loads apps in any order.
func ours(err string) string {
	for _, module := range []string{"provision http.handlers.proconnect: ", "provision http.matchers.proconnect: ", "provision proconnect: "} {
		if i := strings.LastIndex(err, module); i >= 0 {
			err = err[i+len(module):]
		}
	}
	return err
}
