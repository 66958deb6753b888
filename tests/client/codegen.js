// node codegen.js SCHEMA: types and documents of operations.graphql are in generated.ts.
import { readFileSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as documents from "@graphql-codegen/typed-document-node";
import * as types from "@graphql-codegen/typescript";
import * as operations from "@graphql-codegen/typescript-operations";
import { buildSchema, parse } from "graphql";

const schema = buildSchema(readFileSync(process.argv[2], "utf8"));
const made = await codegen({
  schema: parse(readFileSync(process.argv[2], "utf8")),
  schemaAst: schema,
  documents: [{ document: parse(readFileSync("operations.graphql", "utf8")) }],
  filename: "generated.ts",
  config: {
    enumsAsTypes: true,
    strictScalars: true,
    useTypeImports: true,
    scalars: { Date: "string", DateTime: "string", Decimal: "string" },
  },
  plugins: [{ types: {} }, { operations: {} }, { documents: {} }],
  pluginMap: { types, operations, documents },
});
writeFileSync("generated.ts", made);
