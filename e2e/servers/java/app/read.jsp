<%@ page contentType="text/plain" session="false" trimDirectiveWhitespaces="true" %><%
// A servlet for every path: what the container has made of it is the address.
String info = request.getPathInfo(), path = request.getServletPath() + (info == null ? "" : info);
boolean open = path.startsWith("/public/");
if (path.equals("/admin") || path.startsWith("/admin/")) out.print("SERVED:admin: ");
if (path.endsWith(".pdf")) out.print("SERVED:pdf: ");
out.print(open ? "SERVED:public:" : "SERVED:closed:");
%>
