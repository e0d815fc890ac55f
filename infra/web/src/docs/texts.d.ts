/** A file of Markdown is its text. */
declare module "*.md" {
  const text: string;
  export default text;
}
