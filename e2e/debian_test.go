package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// divertScript runs what docs/deploy.md has root type, on this Debian, with overlays over
// what it writes. apt-get has no network there: it finds the package that is unpacked.
var divertScript = `set -e
mount --make-rprivate /
` + overlay("/etc", "/usr", "/var") + `mount -t tmpfs tmpfs /run
apt-get() { dpkg -i "$DEB"; }
says() { echo "$1: $(caddy version)"; }
cd "$DIR"
INSTALL
says installed
sed -i 's/^Version: .*/&+upgraded/' "$DIR/package/DEBIAN/control"
dpkg-deb -Znone -b "$DIR/package" "$DIR/upgrade.deb"
dpkg -i "$DIR/upgrade.deb"
says upgraded
echo "of Debian: $(caddy.debian version)"
BACK
says back
dpkg --verify caddy
`

// TestDebianDivert: an update of Debian's package leaves the program alone that was put
// in the place of its own, and the way back brings that back.
func TestDebianDivert(t *testing.T) {
	testDebian(t, deployCommands(t, "dpkg-divert .*--add"), deployCommands(t, "dpkg-divert .*--remove"))
}

// TestDebianPackage: the package of a release does the same by itself.
func TestDebianPackage(t *testing.T) {
	testDebian(t, "apt-get install caddy\ndpkg -i caddy-proconnect_*.deb\ndpkg -i caddy-proconnect_*.deb\n", "dpkg -P caddy-proconnect\n")
}

func testDebian(t *testing.T, install, back string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can install a package")
	}
	debs, err := filepath.Glob("debian/caddy_*.deb")
	if err != nil || len(debs) != 1 {
		t.Fatalf("%d packages, want one: run make e2e", len(debs))
	}
	deb, err := filepath.Abs(debs[0])
	if err != nil {
		t.Fatal(err)
	}
	dir := serverDir(t)
	if err := os.Mkdir(filepath.Join(dir, "over"), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("dpkg-deb", "-R", deb, filepath.Join(dir, "package")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ours := "#!/bin/sh\necho ours\n"
	if err := os.WriteFile(filepath.Join(dir, "caddy"), []byte(ours), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("../release/deb", filepath.Join(dir, "caddy"), "0.1.0-rc.1", "all", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	script := strings.NewReplacer("INSTALL\n", install, "BACK\n", back).Replace(divertScript)
	cmd := exec.Command("unshare", "-mpfi", "--kill-child", "bash", "-c", script)
	cmd.Env = append(os.Environ(), "DIR="+dir, "DEB="+deb)
	out, err := cmd.CombinedOutput()
	said := regexp.MustCompile(`(?m)^(installed|upgraded|of Debian|back): .*`).FindAllString(string(out), -1)
	if got, want := strings.Join(said, ", "), `installed: ours, upgraded: ours, of Debian: 2\.\S+, back: 2\.\S+`; err != nil || !regexp.MustCompile("^"+want+"$").MatchString(got) {
		t.Errorf("got %s, %v\n%s", got, err, out)
	}
}

// deployCommands is the one block of commands of docs/deploy.md in which something is.
func deployCommands(t *testing.T, like string) string {
	t.Helper()
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(file(t, "../docs/deploy.md"), -1) {
		if regexp.MustCompile(like).MatchString(m[1]) {
			found = append(found, m[1])
		}
	}
	if len(found) != 1 {
		t.Fatalf("docs/deploy.md: %d blocks with %s, want one", len(found), like)
	}
	return found[0]
}
