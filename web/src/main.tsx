import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Announcer } from './shell/Announcer.tsx';
import { App } from './shell/App.tsx';
import './styles/tokens.css';
import './styles/base.css';
import './styles/page.css';
import './styles/analysis.css';
import './styles/result.css';
import './styles/timeline.css';

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Announcer>
        <App />
      </Announcer>
    </StrictMode>,
  );
}
