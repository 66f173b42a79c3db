import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'node_modules'] },
  js.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  { files: ['*.ts'], extends: [...tseslint.configs.recommended] },
  { files: ['tests/**'], languageOptions: { globals: { process: 'readonly', console: 'readonly', document: 'readonly', fetch: 'readonly', URL: 'readonly', location: 'readonly', window: 'readonly', performance: 'readonly', MutationObserver: 'readonly' } } },
);
