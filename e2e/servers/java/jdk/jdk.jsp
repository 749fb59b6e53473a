<%@ page session="false" import="com.sun.net.httpserver.HttpServer, java.net.InetAddress, java.net.InetSocketAddress, java.util.concurrent.Executors" %><%!
// The JDK's own web server, in the JVM that is there: without a compiler a page is
// the way to write Java. It reads a target as a reference (java.net.URI).
private HttpServer server;

public void jspInit() {
	try {
		server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.getInteger("jdk.port")), 0);
	} catch (java.io.IOException e) {
		throw new IllegalStateException(e);
	}
	server.setExecutor(Executors.newFixedThreadPool(4));
	server.createContext("/", exchange -> {
		byte[] body = read(exchange.getRequestURI().getPath()).getBytes();
		exchange.sendResponseHeaders(200, body.length);
		exchange.getResponseBody().write(body);
		exchange.close();
	});
	server.start();
}

public void jspDestroy() {
	if (server != null) server.stop(0);
}

private String read(String path) {
	String names = path.startsWith("/public/") ? "SERVED:public:" : "SERVED:closed:";
	if (path.equals("/admin") || path.startsWith("/admin/")) names += " SERVED:admin:";
	if (path.endsWith(".pdf")) names += " SERVED:pdf:";
	return names;
}
%>
