// SPDX-License-Identifier: MIT
// Skips the test where package.json's packages are not installed; NODE_PATH says where they are.
try {
  require.resolve('yaml');
} catch {
  console.log('npm packages are missing; test/run.sh installs them');
  process.exit(77);
}
