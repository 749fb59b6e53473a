<?php
// A front controller of the older kind: PATH_INFO where the server gives one, else
// the path of REQUEST_URI as parse_url has it.

require __DIR__ . '/../read.php';
$path = $_SERVER['PATH_INFO'] ?? '';
if ($path === '') {
    $path = urldecode((string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
}
read($path);
