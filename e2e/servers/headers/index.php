<?php
// What an application in PHP reads in a header: as PHP gives it, and decoded.
$raw = $_SERVER['HTTP_X_PROCONNECT_USUAL_NAME'] ?? '';
$names = array_map(
    fn ($key) => strtolower(strtr(substr($key, 5), '_', '-')),
    array_values(array_filter(array_keys($_SERVER), fn ($key) => str_starts_with($key, 'HTTP_'))),
);
header('Content-Type: application/json');
echo json_encode(['raw' => $raw, 'decoded' => rawurldecode($raw), 'names' => $names], JSON_INVALID_UTF8_SUBSTITUTE);
