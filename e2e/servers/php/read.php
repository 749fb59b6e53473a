<?php
// What a front controller takes a path for: see ../node.mjs.

function read(string $path): void
{
    $names = [];
    if ($path === '/admin' || str_starts_with($path, '/admin/')) {
        $names[] = 'admin';
    }
    if (str_ends_with($path, '.pdf')) {
        $names[] = 'pdf';
    }
    $names[] = str_starts_with($path, '/public/') ? 'public' : 'closed';
    echo implode(' ', array_map(fn ($name) => "SERVED:$name:", $names));
}
