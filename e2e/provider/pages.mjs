// The provider's own pages, as plain as they can be.

export const escape = (s) => String(s).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

export function page(name, title, body) {
  return `<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
</head>
<body>
<main data-page="provider-${escape(name)}">
<h1>${escape(title)}</h1>
${body}
</main>
</body>
</html>`;
}

export function errorPage(message) {
  return page('error', 'Une erreur est survenue', `<p id="error">${escape(message)}</p>`);
}
