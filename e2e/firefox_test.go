package e2e

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// firefox is a Firefox with a profile of its own, driven by Marionette: commands
// and answers in JSON, each with its length before it, over TCP on loopback
// (https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html).
type firefox struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	last int // the number of the last command
}

// newFirefox starts a Firefox that has never been anywhere, and trusts a stack.
func newFirefox(t *testing.T, s *stack) *firefox {
	t.Helper()
	binary := ""
	for _, name := range []string{"firefox-esr", "firefox"} {
		if path, err := exec.LookPath(name); err == nil && binary == "" {
			binary = path
		}
	}
	if binary == "" {
		t.Fatal("there is no Firefox: run make e2e, or install firefox-esr")
	}
	// Firefox goes on writing for a moment after its end.
	profile, err := os.MkdirTemp("", "e2e-firefox-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(profile) })
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(firefoxPrefs), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "--headless", "--marionette", "-remote-allow-system-access", "--no-remote", "--profile", profile)
	cmd.Env = append(os.Environ(), "HOME="+profile, "MOZ_CRASHREPORTER_DISABLE=1")
	start(t, cmd)
	f := &firefox{t: t}
	f.connect(filepath.Join(profile, "MarionetteActivePort"))
	f.trust(filepath.Join(s.dir, "storage/pki/authorities/local/root.crt"))
	return f
}

// firefoxPrefs have Firefox choose a free port, speak French, call nobody, and
// know no proxy.
const firefoxPrefs = `user_pref("marionette.port", 0);
user_pref("intl.accept_languages", "fr");
user_pref("network.proxy.type", 0);
user_pref("network.http.http3.enable", false);
user_pref("app.update.enabled", false);
user_pref("app.normandy.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,");
user_pref("browser.safebrowsing.update.enabled", false);
`

// connect finds Firefox's port in its profile and begins a session.
func (f *firefox) connect(portFile string) {
	f.t.Helper()
	eventually(f.t, "Firefox to listen", func() bool {
		port, err := os.ReadFile(portFile)
		if err != nil || len(port) == 0 {
			return false
		}
		f.conn, err = net.Dial("tcp", "127.0.0.1:"+strings.TrimSpace(string(port)))
		return err == nil
	})
	f.t.Cleanup(func() { f.conn.Close() })
	f.in = bufio.NewReader(f.conn)
	if _, err := f.read(); err != nil { // it says hello
		f.t.Fatal(err)
	}
	f.command("WebDriver:NewSession", map[string]any{})
}

// read reads one message.
func (f *firefox) read() (json.RawMessage, error) {
	size, err := f.in.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(size, ":"))
	if err != nil {
		return nil, err
	}
	message := make([]byte, n)
	_, err = io.ReadFull(f.in, message)
	return message, err
}

// try sends a command and returns its result.
func (f *firefox) try(name string, params any) (json.RawMessage, error) {
	f.last++
	message, err := json.Marshal([]any{0, f.last, name, params})
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(f.conn, "%d:%s", len(message), message); err != nil {
		return nil, err
	}
	answer, err := f.read()
	if err != nil {
		return nil, err
	}
	var parts [4]json.RawMessage // type, number, error, result
	if err := json.Unmarshal(answer, &parts); err != nil {
		return nil, err
	}
	if fault := string(parts[2]); fault != "null" {
		return nil, errors.New(fault)
	}
	return parts[3], nil
}

func (f *firefox) command(name string, params any) json.RawMessage {
	f.t.Helper()
	result, err := f.try(name, params)
	if err != nil {
		f.t.Fatalf("%s: %v\nat %s", name, err, f.shown())
	}
	return result
}

// run runs a script in the page, the body of a function, and returns its result;
// nothing while one page makes way for another. It waits for a promise.
func (f *firefox) run(script string) string {
	result, err := f.try("WebDriver:ExecuteScript", map[string]any{"script": script, "args": []any{}, "sandbox": nil})
	if err != nil {
		return ""
	}
	var s struct{ Value any }
	if json.Unmarshal(result, &s) != nil || s.Value == nil {
		return ""
	}
	return fmt.Sprint(s.Value)
}

// trust takes Caddy's internal authority for a real one. Where a warning was merely
// waved through, Firefox gives a site no service workers and heeds no Clear-Site-Data.
func (f *firefox) trust(authority string) {
	f.t.Helper()
	data, err := os.ReadFile(authority)
	if err != nil {
		f.t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	f.command("Marionette:SetContext", map[string]any{"value": "chrome"})
	f.command("WebDriver:ExecuteScript", map[string]any{
		"script": `Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).addCertFromBase64(arguments[0], "CT,,")`,
		"args":   []any{base64.StdEncoding.EncodeToString(block.Bytes)},
	})
	f.command("Marionette:SetContext", map[string]any{"value": "content"})
}

func (f *firefox) shown() string {
	return f.run("return location.href + '\\n' + document.documentElement.innerText")
}

func (f *firefox) visit(address string) {
	f.t.Helper()
	f.command("WebDriver:Navigate", map[string]any{"url": address})
}

func (f *firefox) reload() {
	f.t.Helper()
	f.command("WebDriver:Refresh", map[string]any{})
}

// forgetCookies drops what this browser keeps for the site that it shows.
func (f *firefox) forgetCookies() {
	f.t.Helper()
	f.command("WebDriver:DeleteAllCookies", map[string]any{})
}
