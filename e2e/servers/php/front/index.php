<?php
// A front controller that finds the path as Symfony's HttpFoundation does
// (Request::prepareRequestUri, prepareBaseUrl and preparePathInfo of 7.x), decodes
// it once as its router does, and says what it serves.

function requestUri(): string
{
    $uri = $_SERVER['REQUEST_URI'] ?? '';
    if ($uri !== '' && $uri[0] === '/') {
        return explode('#', $uri, 2)[0];
    }
    $parts = parse_url($uri) ?: [];
    return ($parts['path'] ?? '') . (isset($parts['query']) ? '?' . $parts['query'] : '');
}

// The part of $string that, decoded, is $prefix.
function encodedPrefix(string $string, string $prefix): ?string
{
    if (!str_starts_with(rawurldecode($string), $prefix)) {
        return null;
    }
    return preg_match(sprintf('#^(%%[[:xdigit:]]{2}|.){%d}#', strlen($prefix)), $string, $match) ? $match[0] : null;
}

function baseUrl(string $uri): string
{
    $file = basename($_SERVER['SCRIPT_FILENAME'] ?? '');
    $base = '';
    foreach (['SCRIPT_NAME', 'PHP_SELF', 'ORIG_SCRIPT_NAME'] as $name) {
        if (basename($_SERVER[$name] ?? '') === $file) {
            $base = $_SERVER[$name];
            break;
        }
    }
    if ($uri !== '' && $uri[0] !== '/') {
        $uri = '/' . $uri;
    }
    if ($base !== '' && ($prefix = encodedPrefix($uri, $base)) !== null) {
        return $prefix;
    }
    if ($base !== '' && ($prefix = encodedPrefix($uri, rtrim(dirname($base), '/') . '/')) !== null) {
        return rtrim($prefix, '/');
    }
    $name = basename($base);
    if ($name === '' || !strpos(rawurldecode(explode('?', $uri, 2)[0]), $name)) {
        return '';
    }
    if (strlen($uri) >= strlen($base) && ($at = strpos($uri, $base)) !== false && $at !== 0) {
        $base = substr($uri, 0, $at + strlen($base));
    }
    return rtrim($base, '/');
}

function pathInfo(): string
{
    $uri = requestUri();
    $base = baseUrl($uri);
    $uri = explode('?', $uri, 2)[0];
    if ($uri !== '' && $uri[0] !== '/') {
        $uri = '/' . $uri;
    }
    $path = substr($uri, strlen($base));
    return $path === '' || $path[0] !== '/' ? '/' . $path : $path;
}

require __DIR__ . '/../read.php';
read(rawurldecode(pathInfo()));
