package e2e

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// scripts are what stands beside the front controller of a PHP site. To a
// front-controller site that is served by php_fastcgi, files are served as files.
var scripts = map[string]string{
	"secret.php":      `SERVED:secret: SERVED:closed:`,
	"admin/tool.php":  `SERVED:admin: SERVED:closed:`,
	"public/open.php": `SERVED:public:`,
}

// startPHP starts PHP-FPM with two sites, each with a front controller of its own.
func startPHP(t *testing.T, dir string) []server {
	t.Helper()
	files := maps.Clone(siteFiles)
	maps.Copy(files, scripts)
	delete(files, "index.html") // index.php is it
	socket := filepath.Join(dir, "fpm.sock")
	var all []server
	for _, name := range []string{"front", "pathinfo"} {
		root := filepath.Join(dir, name)
		writeFiles(t, root, files)
		copyFile(t, "servers/php/"+name+"/index.php", filepath.Join(root, "index.php"))
		behind := fmt.Sprintf("root * %s\n\t\tphp_fastcgi unix/%s\n\t\tfile_server", root, socket)
		all = append(all, server{name: "php-" + name, behind: behind, php: true})
	}
	copyFile(t, "servers/php/read.php", filepath.Join(dir, "read.php"))
	runPHP(t, dir, socket)
	return all
}

// runPHP runs PHP-FPM at a socket, with a configuration in dir.
func runPHP(t *testing.T, dir, socket string) {
	t.Helper()
	writeFiles(t, dir, map[string]string{"fpm.conf": fmt.Sprintf(`[global]
error_log = /dev/stderr
daemonize = no
[www]
listen = %s
pm = static
pm.max_children = 4
`, socket)})
	// Neither the system's php.ini nor its pools; -R for who tests as root.
	p := start(t, exec.Command(installed(t, "/usr/sbin/php-fpm*"), "-n", "-R", "-F", "-y", filepath.Join(dir, "fpm.conf")))
	eventually(t, "PHP-FPM", func() bool {
		if p.over() {
			t.Fatalf("PHP-FPM has ended:\n%s", p.lines)
		}
		_, err := os.Stat(socket)
		return err == nil
	})
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, content, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
