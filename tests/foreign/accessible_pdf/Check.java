import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.ValidationResult;
import java.io.FileInputStream;

/** Validates PDF files against PDF/UA-1 with veraPDF: prints each failed rule, exits 1 when there is one. */
public final class Check {
    public static void main(String[] files) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        boolean sound = true;
        for (String file : files) {
            try (FileInputStream in = new FileInputStream(file);
                 PDFAParser parser = Foundries.defaultInstance().createParser(in, PDFAFlavour.PDFUA_1);
                 PDFAValidator validator = Foundries.defaultInstance().createValidator(PDFAFlavour.PDFUA_1, false)) {
                ValidationResult result = validator.validate(parser);
                sound &= result.isCompliant();
                System.out.println(file + " " + (result.isCompliant() ? "compliant" : "NOT compliant") + " " + result.getTotalAssertions());
                result.getFailedChecks().forEach((rule, count) -> System.out.println("  " + rule.getClause() + "-" + rule.getTestNumber() + ": " + count));
            }
        }
        System.exit(sound ? 0 : 1);
    }
}
