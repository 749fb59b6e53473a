package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// jettyJars are what Jetty consists of with pages that are written in Java; it is
// started without its start.jar, for the packages of these start no service.
var jettyJars = strings.Fields(`
	jetty9-server jetty9-servlet jetty9-webapp jetty9-xml jetty9-util jetty9-http jetty9-io jetty9-security
	jetty9-annotations jetty9-plus jetty9-jndi jetty9-apache-jsp servlet-api
	tomcat9-jasper tomcat9-jasper-el tomcat9-el-api tomcat9-jsp-api tomcat9-juli tomcat9-util tomcat9-util-scan
	tomcat9-api tomcat9-annotations-api eclipse-jdt-core asm asm-tree asm-commons asm-analysis`)

// startJetty starts one Jetty with two sites: a servlet, and files.
func startJetty(t *testing.T, dir, files string) []server {
	t.Helper()
	jars := make([]string, len(jettyJars))
	for i, name := range jettyJars {
		jars[i] = installed(t, "/usr/share/java/"+name+".jar")
	}
	ports := []string{freePort(t), freePort(t)}
	config, err := filepath.Abs("servers/java/jetty.xml")
	if err != nil {
		t.Fatal(err)
	}
	cmd := java(t, dir, files, ports, "-cp", strings.Join(jars, ":"), "org.eclipse.jetty.xml.XmlConfiguration", config)
	return startJava(t, cmd, ports, "jetty", "jetty-files")
}

// startTomcat starts one Tomcat with two sites, as Jetty has them, and in the same
// JVM the JDK's own server.
func startTomcat(t *testing.T, dir, files string) []server {
	t.Helper()
	home := filepath.Dir(filepath.Dir(installed(t, "/usr/share/tomcat*/bin/bootstrap.jar")))
	writeFiles(t, dir, map[string]string{"logs/.keep": "", "temp/.keep": ""})
	copyFile(t, "servers/java/server.xml", filepath.Join(dir, "conf", "server.xml"))
	copyFile(t, "servers/java/default.xml", filepath.Join(dir, "conf", "web.xml"))
	ports := []string{freePort(t), freePort(t), freePort(t)}
	cmd := java(t, dir, files, ports, "-Dsun.net.httpserver.nodelay=true", "-Djdk.port="+ports[2], "-Djdk.dir="+application(t, dir, "jdk"), "-Dcatalina.home="+home, "-Dcatalina.base="+dir,
		"-cp", home+"/bin/bootstrap.jar:"+home+"/bin/tomcat-juli.jar", "org.apache.catalina.startup.Bootstrap", "start")
	return startJava(t, cmd, ports, "tomcat", "tomcat-files", "jdk")
}

func java(t *testing.T, dir, files string, ports []string, args ...string) *exec.Cmd {
	t.Helper()
	writeFiles(t, dir, map[string]string{"tmp/.keep": ""})
	return exec.Command("java", append([]string{
		"-Xmx192m", "-Djava.io.tmpdir=" + filepath.Join(dir, "tmp"),
		"-Dapp.port=" + ports[0], "-Dfiles.port=" + ports[1], "-Dapp.dir=" + application(t, dir, "app"), "-Dfiles.dir=" + files,
	}, args...)...)
}

// application lays an application out as servers want it.
func application(t *testing.T, dir, name string) string {
	t.Helper()
	found, err := filepath.Glob("servers/java/" + name + "/*")
	if err != nil || len(found) == 0 {
		t.Fatalf("servers/java/%s: no files (%v)", name, err)
	}
	for _, path := range found {
		copyFile(t, path, filepath.Join(dir, name, "WEB-INF", filepath.Base(path)))
	}
	return filepath.Join(dir, name)
}

func startJava(t *testing.T, cmd *exec.Cmd, ports []string, names ...string) (all []server) {
	t.Helper()
	p := start(t, cmd)
	for i, name := range names {
		all = append(all, proxied(name, "127.0.0.1:"+ports[i]))
		awaitListeners(t, p, all[i].address)
	}
	return all
}
