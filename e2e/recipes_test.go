package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/doccode"
)

// Recipes of docs/recipes.md that need more than Caddy: the others are run by
// acceptance/recipes.

// newRecipe runs a recipe's Caddyfile at a port of its own, behind something at another
// one that ends TLS: browsers reach https://docs.localhost there. It runs when that has
// been started.
func newRecipe(t *testing.T) *stack {
	t.Helper()
	s := &stack{t: t, dir: shortTempDir(t), port: freePort(t), hosts: []string{"docs"}, upstream: newUpstream(t)}
	s.provider = startProvider(t, []string{s.origin("docs")})
	return s
}

var (
	recipeClient = regexp.MustCompile(`\t*environment \w+\n\t*client_id .*\n\t*client_secret .*\n`)
	recipePort   = regexp.MustCompile(`http://docs\.example\.gouv\.fr:80\d\d`)
)

// runRecipe starts Caddy with a recipe. Its port is said of no other server's.
func (s *stack) runRecipe(b doccode.Block, port string) {
	s.t.Helper()
	options := fmt.Sprintf("\tadmin off\n\tdebug\n\tstorage file_system %s/storage\n", s.dir)
	lines := fmt.Sprintf("issuer %s\nclient_id %s\nclient_secret %s\n", s.provider.issuer, rs256.id, secretOf(rs256.id))
	text := b.Text
	if b.Part() == "sites" {
		text = "{\n" + options + "proconnect {\n" + lines + "}\n}\n" + text
	} else {
		text = strings.Replace(recipeClient.ReplaceAllLiteralString(text, lines), "{\n", "{\n"+options, 1)
	}
	text = recipePort.ReplaceAllLiteralString(text, "http://docs.localhost:"+port)
	text = strings.NewReplacer("https://docs.example.gouv.fr", s.origin("docs"), "localhost:3000", s.upstream.address).Replace(text)
	s.caddy = runCaddyfile(s.t, s.dir, text)
	s.t.Cleanup(s.checkLog)
}

// runNginx starts Debian's nginx with a recipe's server. Nobody may open port 443 in a
// test, so another one stands for it, in the Host header that it sends on, too.
func (s *stack) runNginx(text string, ports ...string) {
	s.t.Helper()
	certify(s.t, s.dir, "docs.localhost")
	text = strings.NewReplacer(append(ports,
		"listen 443 ssl;", "listen 127.0.0.1:"+s.port+" ssl;", "docs.example.gouv.fr", "docs.localhost", "/etc/ssl/docs", s.dir+"/docs",
		"Host $host;", "Host $host:"+s.port+";", "http://127.0.0.1:3000", "http://"+s.upstream.address,
	)...).Replace(text)
	var temporary strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temporary, "%s_temp_path %s/%[1]s;\n", kind, s.dir)
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root;\n" // the folder is the test's
	}
	config := fmt.Sprintf("%sdaemon off;\nerror_log stderr;\npid %s/nginx.pid;\nevents {}\nhttp {\naccess_log off;\n%s%s}\n", user, s.dir, &temporary, text)
	writeFiles(s.t, s.dir, map[string]string{"nginx.conf": config})
	p := start(s.t, exec.Command(installed(s.t, "/usr/sbin/nginx"), "-p", s.dir, "-e", "stderr", "-c", filepath.Join(s.dir, "nginx.conf")))
	awaitListeners(s.t, p, "127.0.0.1:"+s.port)
}

// certify makes a certificate that nobody trusts.
func certify(t *testing.T, dir, host string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, dir, map[string]string{
		"docs.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		"docs.key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	})
}
