package e2e

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/doccode"
)

// desk is where an operator works: a Caddy that runs, its configuration, lists and logs in
// folders of its own, and a shell.
type desk struct {
	t     *testing.T
	dir   string
	site  string // its address
	caddy *process
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	binary, err := caddyBinary()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "e2e-") // shorter than t.TempDir, for the admin socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, name := range []string{"bin", "etc", "log", "srv"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(binary, filepath.Join(dir, "bin/caddy")); err != nil {
		t.Fatal(err)
	}
	return &desk{t: t, dir: dir, site: "http://localhost:" + freePort(t)}
}

// recipe are the blocks of code below a heading of docs/operations.md.
func recipe(t *testing.T, heading string) []doccode.Block {
	t.Helper()
	return doccode.Section(t, "../docs/operations.md", heading)
}

// fill puts the folders and the site of this desk in the place of the documentation's.
func (d *desk) fill(text string) string {
	return strings.NewReplacer(
		"/etc/caddy/", d.dir+"/etc/", "/var/log/caddy/", d.dir+"/log/", "/run/caddy/", d.dir+"/", "/srv/docs", d.dir+"/srv",
		"https://docs.example.gouv.fr", d.site, "http://localhost:8080", d.site,
	).Replace(text)
}

func (d *desk) write(name, text string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) read(name string) string {
	d.t.Helper()
	text, err := os.ReadFile(filepath.Join(d.dir, name))
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

// configure writes a Caddyfile with a gate, in the sandbox, whose audit log is written as
// documented.
func (d *desk) configure(gate string) {
	d.t.Helper()
	audit := doccode.Of(recipe(d.t, "## Who entered: the audit log"), "caddyfile global")[0]
	d.write("etc/Caddyfile", d.fill("{\n\tadmin unix/"+d.dir+"/admin.sock|0600\n\tstorage file_system "+d.dir+"/storage\n\tpersist_config off\n"+
		audit+"\tproconnect {\n\t\tenvironment sandbox\n\t}\n}\n\n"+d.site+" {\n\tbind 127.0.0.1\n"+gate+"\trespond inside\n}\n"))
}

// run starts Caddy with what was configured.
func (d *desk) run() {
	d.t.Helper()
	d.caddy = start(d.t, d.command("caddy run --config /etc/caddy/Caddyfile"))
	d.caddy.await(d.t, "serving initial configuration")
}

// command is a piece of shell, as it is written but for folders.
func (d *desk) command(script string) *exec.Cmd {
	cmd := exec.CommandContext(d.t.Context(), "bash", "-c", d.fill(script))
	cmd.Dir = d.dir
	cmd.Env = []string{"PATH=" + d.dir + "/bin:" + os.Getenv("PATH"), "HOME=" + d.dir, "CADDY_ADMIN=unix/" + d.dir + "/admin.sock"}
	return cmd
}

// sh runs a piece of shell and returns what it printed.
func (d *desk) sh(script, stdin string) string {
	d.t.Helper()
	cmd := d.command(script)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited { // a finding is no fault of the script
		d.t.Fatal(err)
	}
	return string(out)
}

// wantAll checks that a text has some others.
func wantAll(t *testing.T, text string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
}

// visitor is somebody's browser, as far as the sandbox needs one.
type visitor struct {
	t    *testing.T
	site string
	*http.Client
}

// navigates has requests look like a browser's.
type navigates struct{ http.RoundTripper }

func (n navigates) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	return n.RoundTripper.RoundTrip(r)
}

func (d *desk) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return &visitor{d.t, d.site, &http.Client{Jar: jar, Transport: navigates{&http.Transport{DisableKeepAlives: true}}}}
}

// login logs in as a person of the sandbox's page, with claims changed, and returns what
// they get.
func (v *visitor) login(person string, claims ...string) (status int, page string) {
	v.t.Helper()
	asked, err := v.Get(v.site + "/.proconnect/login?return_to=%2F")
	if err != nil {
		v.t.Fatal(err)
	}
	asked.Body.Close()
	form := url.Values{"person": {person}}
	for i := 0; i+1 < len(claims); i += 2 {
		form.Set(claims[i], claims[i+1])
	}
	return v.read(v.PostForm(asked.Request.URL.String(), form))
}

// visit opens the site.
func (v *visitor) visit() (status int) {
	v.t.Helper()
	status, _ = v.read(v.Get(v.site + "/"))
	return status
}

func (v *visitor) read(resp *http.Response, err error) (status int, page string) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
