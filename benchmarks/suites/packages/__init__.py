"""One file per package: `cases()` yields its functions, each as the package documents to call it."""
