// jest reads TypeScript as this hands it on: without its types.
import ts from 'typescript';

export default {
    process: source => ({
        code: ts.transpileModule(source, {
            compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, inlineSourceMap: true }
        }).outputText
    })
};
