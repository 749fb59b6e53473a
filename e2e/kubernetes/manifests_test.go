// Package kubernetes holds the manifests of examples/kubernetes to Kubernetes' own types,
// and the Caddyfile in them to Caddy. It is a module of its own, for what those types bring.
package kubernetes

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

const manifests = "../../examples/kubernetes/proconnect.yaml"

// set is what the file declares.
type set struct {
	config     corev1.ConfigMap
	secret     corev1.Secret
	deployment appsv1.Deployment
	service    corev1.Service
}

// load reads the documents, each strictly: a field that does not exist, or is there twice,
// is an error.
func load(t *testing.T) *set {
	t.Helper()
	text, err := os.ReadFile(manifests)
	if err != nil {
		t.Fatal(err)
	}
	s := new(set)
	into := []any{&s.config, &s.secret, &s.deployment, &s.service}
	documents := bytes.Split(text, []byte("\n---\n"))
	if len(documents) != len(into) {
		t.Fatalf("%d documents, want %d", len(documents), len(into))
	}
	for i, d := range documents {
		if err := yaml.UnmarshalStrict(d, into[i]); err != nil {
			t.Fatalf("document %d: %v", i+1, err)
		}
	}
	return s
}

// What refers to something in the set refers to something that is there.
func TestManifestsFitTogether(t *testing.T) {
	s := load(t)
	pod := s.deployment.Spec.Template
	c := pod.Spec.Containers[0]
	for what, is := range map[string]bool{
		"the deployment selects its pods":   pod.Labels["app"] == s.deployment.Spec.Selector.MatchLabels["app"],
		"the service selects the pods":      pod.Labels["app"] == s.service.Spec.Selector["app"],
		"the ConfigMap is a volume":         slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.ConfigMap != nil && v.ConfigMap.Name == s.config.Name }),
		"the Secret is a volume":            slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Secret != nil && v.Secret.SecretName == s.secret.Name }),
		"the probe asks a port that exists": hasPort(c, c.ReadinessProbe.HTTPGet.Port.StrVal),
		"the service leads to a port":       hasPort(c, s.service.Spec.Ports[0].TargetPort.StrVal),
		"no secret is in the environment":   !slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.ValueFrom != nil || strings.Contains(e.Name, "SECRET") }),
	} {
		if !is {
			t.Errorf("not so: %s", what)
		}
	}
	for _, m := range c.VolumeMounts {
		if m.SubPath != "" {
			t.Errorf("%s is mounted by subPath, which is never updated", m.MountPath)
		}
		if !slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name }) {
			t.Errorf("%s: no volume %s", m.MountPath, m.Name)
		}
	}
}

func hasPort(c corev1.Container, name string) bool {
	return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == name })
}

// The Caddyfile loads, with the files where the volumes put them, and gates its site.
func TestManifestsCaddyfile(t *testing.T) {
	s := load(t)
	dir := t.TempDir()
	files := map[string]string{"organisations.txt": s.config.Data["organisations.txt"]}
	for name, value := range s.secret.StringData {
		files[name] = value
	}
	files["session_key"] = "ypD7ARfFWUeCC3SKtdlpLuH+Q6hP0Rz8sJ1yNkgm2xE="
	files["Caddyfile"] = strings.NewReplacer("/etc/proconnect/", dir+"/", "/etc/caddy/", dir+"/").Replace(s.config.Data["Caddyfile"])
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	caddy := os.Getenv("CADDY_BIN")
	if caddy == "" {
		t.Fatal("CADDY_BIN is not set: run make e2e")
	}
	out, err := exec.Command(caddy, "proconnect", "check", "--config", filepath.Join(dir, "Caddyfile")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "gated   reverse_proxy") || !strings.Contains(string(out), "2 sites, 0 errors") {
		t.Errorf("%v\n%s", err, out)
	}
}
