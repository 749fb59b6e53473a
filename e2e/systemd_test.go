package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// machine is a systemd that runs Debian's caddy.service: in namespaces of its own, with
// an /etc and a /run that end with it. The network is the tests'.
type machine struct {
	*process
	t      *testing.T
	dir    string
	origin string
}

// bootScript becomes systemd. Its mounts are seen by nobody else; systemd in turn wants
// its own to be shared, to show a service its credentials.
var bootScript = `set -e
mount --make-rprivate /
` + overlay("/etc", "/usr/bin") + `mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /sys/fs/cgroup
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
getent passwd caddy >/dev/null || useradd --system --home-dir "$DIR/home" caddy
chown -R caddy "$DIR/home"
rm -rf /etc/systemd/system /etc/caddy
cp -r "$DIR/system" /etc/systemd/system
cp -r "$DIR/caddy" /etc/caddy
install -m 600 -D "$DIR/id" /etc/credstore/proconnect-client-id
install -m 600 -D "$DIR/secret" /etc/credstore/proconnect-client-secret
mount --bind "$DIR" /srv # its docs
touch /usr/bin/caddy
mount --bind "$BINARY" /usr/bin/caddy
mount --make-rshared /
exec env -i container=test PATH="$PATH" /lib/systemd/systemd --system --unit=caddy.service --show-status=0
`

// overlay is the part of a script that lets it write to folders of the system, and
// nobody see that.
func overlay(folders ...string) string {
	script := "mount -t tmpfs tmpfs \"$DIR/over\"\n"
	for i, folder := range folders {
		script += fmt.Sprintf("mkdir -p \"$DIR/over/%d/up\" \"$DIR/over/%[1]d/work\"\n"+
			"mount -t overlay -o \"lowerdir=%s,upperdir=$DIR/over/%[1]d/up,workdir=$DIR/over/%[1]d/work\" overlay %[2]s\n", i, folder)
	}
	return script
}

// bootMachine starts Debian's service with what examples/systemd adds to it. Three lines of the
// Caddyfile differ: which ProConnect it is, and where the site and Caddy's administration are.
func bootMachine(t *testing.T, dropIn string) *machine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can start a systemd")
	}
	binary, err := caddyBinary()
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, dir: serverDir(t)}
	port := freePort(t)
	m.origin = "http://docs.localhost:" + port
	provider := startProvider(t, []string{m.origin})
	for _, dir := range []string{"over", "home", "caddy", "docs", "system/caddy.service.d"} {
		if err := os.MkdirAll(filepath.Join(m.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(m.dir, 0o755); err != nil { // Caddy runs as somebody else
		t.Fatal(err)
	}
	caddyfile := strings.NewReplacer(
		"environment integration", "issuer "+provider.issuer,
		"docs.example.gouv.fr {", "http://docs.localhost:"+port+" {\n\tbind 127.0.0.1",
		"\n{\n", "\n{\n\tadmin 127.0.0.1:"+freePort(t)+"\n",
	).Replace(file(t, "../examples/systemd/Caddyfile"))
	m.write("caddy/Caddyfile", caddyfile)
	m.write("system/caddy.service", file(t, "debian/unpacked/lib/systemd/system/caddy.service"))
	m.write("system/caddy.service.d/proconnect.conf", dropIn)
	// Nothing but the service, and what it says into a file.
	m.write("system/caddy.service.d/test.conf", fmt.Sprintf("[Unit]\nDefaultDependencies=no\nRequires=\nAfter=\n[Service]\nEnvironment=XDG_DATA_HOME=%s/home\nStandardOutput=append:%[1]s/said\nStandardError=append:%[1]s/said\n", m.dir))
	m.write("id", "rs256\n")
	m.write("secret", secretOf("rs256")+"\n")
	m.write("docs/index.html", `<!doctype html><title>docs</title><main data-page="docs"></main>`)
	cmd := exec.Command("unshare", "-mpfui", "--kill-child", "bash", "-c", bootScript)
	cmd.Env = append(os.Environ(), "DIR="+m.dir, "BINARY="+binary)
	m.process = start(t, cmd)
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the service said:\n%s", m.said())
		}
	})
	eventually(t, "the service", func() bool { return m.over() || accepts(port) })
	if m.over() {
		t.Fatalf("it ended:\n%s", m.said())
	}
	return m
}

func file(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v: run make e2e", err)
	}
	return string(text)
}

func (m *machine) write(name, text string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// said is what the service printed: the journal, elsewhere.
func (m *machine) said() string {
	text, _ := os.ReadFile(filepath.Join(m.dir, "said"))
	return string(text)
}

// systemctl runs in the machine.
func (m *machine) systemctl(args ...string) {
	m.t.Helper()
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", m.cmd.Process.Pid))
	if err != nil {
		m.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(children)))
	if err != nil {
		m.t.Fatal(err)
	}
	cmd := exec.Command("nsenter", append([]string{"-t", strconv.Itoa(pid), "-m", "-p", "systemctl"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("systemctl %v: %v\n%s\n%s", args, err, out, m.said())
	}
}

// Debian's unit prints its environment. With the example's drop-in and Caddyfile the
// secret is not in it, people log in, and the service reloads.
func TestSystemdCredentials(t *testing.T) {
	m := bootMachine(t, file(t, "../examples/systemd/caddy.service.d/proconnect.conf"))
	b := newPerson(t)
	b.enter(m.origin+"/", "dinum")
	b.see("docs")
	m.systemctl("reload", "caddy.service")
	b.visit(m.origin + "/index.html")
	b.see("docs")
	if said := m.said(); !strings.Contains(said, "CREDENTIALS_DIRECTORY=/run/credentials/caddy.service") || strings.Contains(said, secretOf("rs256")) {
		t.Errorf("want the environment, without the secret:\n%s", said)
	}
}

// What docs/deploy.md warns of: a secret in the unit's environment is printed.
func TestSystemdEnvironmentIsPrinted(t *testing.T) {
	dropIn := file(t, "../examples/systemd/caddy.service.d/proconnect.conf")
	m := bootMachine(t, dropIn+"Environment=PROCONNECT_CLIENT_SECRET="+secretOf("rs256")+"\n")
	if said := m.said(); !strings.Contains(said, "PROCONNECT_CLIENT_SECRET="+secretOf("rs256")) {
		t.Errorf("the unit prints no environment any more: docs/deploy.md may say so\n%s", said)
	}
}
